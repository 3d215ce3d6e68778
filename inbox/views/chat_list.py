"""The chat list: the page, its rows, its counts."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from inbox.models import Message
from inbox.selectors.chat_list import TabCounts, chat_page, tab_counts, title_of
from inbox.selectors.messages import Bubble
from inbox.selectors.search import message_hits
from inbox.selectors.standings import standings_of
from inbox.selectors.unread import unread_chat_count
from inbox.states import ChatState, Direction, MessageStatus, MessageType
from inbox.views.refusals import in_words
from kernel.clock import now
from kernel.paging import page_limit
from workspaces.models import Member
from workspaces.roles import Permission
from workspaces.views.guard import member_view

ROWS = 40
HITS = 10

TABS = {"mine": ("Mine", "me"), "unassigned": ("Unassigned", "none"), "all": ("All", None)}

EMOJI = "😀😃😄😁😂🙂😉😊😍😘😎🤔😅🙃😢😭😡👍👎👌🙏👏💪👋🤝🎉✅❌❓❗⭐🔥❤💚☕📦🚚📷📄📍⏰📅"


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to. Words that mean nothing are ignored: a page address never breaks the page."""

    tab: str = "all"
    state: str = ChatState.OPEN
    channel: uuid.UUID | None = None
    label: uuid.UUID | None = None
    unread: bool = False
    q: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        tab, state = query.get("tab", "all"), query.get("state", "")
        return cls(
            tab=tab if tab in TABS else "all",
            state=state if state in ChatState.values else ChatState.OPEN,
            channel=_key(query.get("channel", "")),
            label=_key(query.get("label", "")),
            unread=bool(query.get("unread")),
            q=query.get("q", "").replace("\x00", "").strip()[:200],
        )

    def address(self, **more: Any) -> str:
        query = QueryDict(mutable=True)
        values = {
            "tab": self.tab,
            "state": self.state,
            "channel": self.channel,
            "label": self.label,
            "unread": "1" if self.unread else "",
            "q": self.q,
            **more,
        }
        query.update({name: str(value) for name, value in values.items() if value})
        return query.urlencode()


@member_view
@require_safe
def chat_list(request: HttpRequest) -> HttpResponse:
    return render(request, "inbox/inbox.html", page_context(request))


@member_view
@require_safe
@in_words
def chat_rows(request: HttpRequest) -> HttpResponse:
    """Rows for the filters asked for; with a cursor, only those that follow."""
    context = {**fragment_context(request.member), **rows_context(request)}
    return render(request, "inbox/_rows.html", context)


@member_view
@require_safe
def chat_counts(request: HttpRequest) -> HttpResponse:
    return JsonResponse({**asdict(tab_counts(request.member)), "unread": unread_chat_count(request.member)})


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Everything round the conversation."""
    member: Member = request.member
    counts = tab_counts(member)
    return {
        **fragment_context(member),
        **rows_context(request),
        "tabs": tabs(counts),
        "unread": unread_chat_count(member),
        "blank": blank_bubble(member),
        "emoji": list(EMOJI),
        "upload_limit": settings.MEDIA_LIMIT_BYTES,
    }


def fragment_context(member: Member) -> dict[str, Any]:
    """What every fragment needs to know of who asks."""
    return {
        "slug": member.workspace.slug,
        "may_write": member.may(Permission.WRITE_MESSAGES),
    }


def rows_context(request: HttpRequest) -> dict[str, Any]:
    member: Member = request.member
    filters = Filters.of(request.GET)
    cursor = request.GET.get("cursor")
    page = chat_page(
        member,
        channel=filters.channel,
        assigned=TABS[filters.tab][1],
        unread=filters.unread,
        state=None if filters.q else filters.state,
        label=filters.label,
        q=filters.q,
        cursor=cursor,
        limit=page_limit(request.GET.get("limit") or str(ROWS)),
    )
    hits = message_hits(member, filters.q, limit=HITS).rows if filters.q and not cursor else []
    rows_url = reverse("inbox:chat-rows", args=[member.workspace.slug])
    return {
        "filters": filters,
        "rows": page.rows,
        "next": page.next,
        "next_url": f"{rows_url}?{filters.address(cursor=page.next)}" if page.next else "",
        "more_only": bool(cursor),
        "hits": [
            {"chat": hit.chat, "message": hit.message, "extract": hit.extract, "title": title_of(hit.chat)}
            for hit in hits
        ],
        "standings": standings_of(member.workspace_id),
    }


def tabs(counts: TabCounts) -> list[dict[str, Any]]:
    return [{"name": name, "label": label, "count": getattr(counts, name)} for name, (label, _) in TABS.items()]


def blank_bubble(member: Member) -> Bubble:
    """The form that the browser fills in for a message which the server has not seen yet."""
    message = Message(
        direction=Direction.OUTBOUND,
        type=MessageType.TEXT,
        status=MessageStatus.PENDING,
        sender_member=member,
        source="waybill",
        sort_at=now(),
        version=0,
    )
    return Bubble(
        message=message,
        sender_name=member.user.name,
        sender_wa_id="",
        reactions=(),
        attachments=(),
        quoted=None,
        quoted_sender_name="",
        poll=None,
        edits=(),
    )


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
