"""The chat list: the page, its rows, its counts."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from channels_app.services.simulating import simulator_url
from inbox.models import Message, Note
from inbox.selectors.chat_list import TabCounts, chat_page, tab_counts, title_of
from inbox.selectors.first_steps import first_steps
from inbox.selectors.labels import labels_of
from inbox.selectors.messages import Bubble
from inbox.selectors.search import text_hits
from inbox.selectors.standings import Standing, standings_seen_by
from inbox.selectors.threads import NoteBubble
from inbox.selectors.unread import unread_chat_count
from inbox.states import ChatState, Direction, MessageStatus, MessageType
from inbox.views.asked import key_or_none, words_in
from inbox.views.refusals import in_words
from kernel.clock import now
from kernel.paging import page_limit
from workspaces.models import Member
from workspaces.roles import Permission
from workspaces.selectors.people import helpers_of, members_of
from workspaces.services.profiles import close_first_steps
from workspaces.views.guard import member_view, requires

ROWS = 40
HITS = 10

TABS = {
    "mine": (gettext_lazy("Mine"), "me"),
    "unassigned": (gettext_lazy("Unassigned"), "none"),
    "all": (gettext_lazy("All"), None),
}


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to. Words that mean nothing are ignored: a page address never breaks the page."""

    tab: str = "all"
    state: str = ChatState.OPEN
    channel: uuid.UUID | None = None
    label: uuid.UUID | None = None
    member: uuid.UUID | None = None
    unread: bool = False
    q: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        tab, state = query.get("tab", "all"), query.get("state", "")
        return cls(
            tab=tab if tab in TABS else "all",
            state=state if state in ChatState.values else ChatState.OPEN,
            channel=key_or_none(query.get("channel", "")),
            label=key_or_none(query.get("label", "")),
            member=key_or_none(query.get("member", "")),
            unread=bool(query.get("unread")),
            q=words_in(query),
        )

    @property
    def narrows(self) -> bool:
        return self.state != ChatState.OPEN or bool(self.channel or self.label or self.unread or self.member)

    def address(self, **more: Any) -> str:
        query = QueryDict(mutable=True)
        values = {
            "tab": self.tab,
            "state": self.state,
            "channel": self.channel,
            "label": self.label,
            "member": self.member,
            "unread": "1" if self.unread else "",
            "q": self.q,
            **more,
        }
        query.update({name: str(value) for name, value in values.items() if value})
        return query.urlencode()


@member_view
@require_safe
def chat_list(request: HttpRequest) -> HttpResponse:
    """The page; or, for the script that leaves a chat in place, what stands where none is open."""
    member = request.member
    if request.htmx:
        context = {**fragment_context(member), "standings": standings_seen_by(member)}
        return render(request, "inbox/_nothing_open.html", context | _nothing_open(member, context["standings"]))
    context = page_context(request)
    return render(request, "inbox/inbox.html", context | _nothing_open(member, context["standings"]))


@require_POST
@requires(Permission.MANAGE_CHANNELS)
def first_steps_close(request: HttpRequest) -> HttpResponse:
    """Put the first steps away, or take them out again."""
    close_first_steps(member=request.member, closed=request.POST.get("closed") == "yes")
    return redirect("inbox:chat-list", slug=request.workspace.slug)


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
        "labels": list(labels_of(member)),
        "states": ChatState.choices,
        "people": list(members_of(member.workspace)),
        "unread": unread_chat_count(member),
        "blank": blank_bubble(member),
        "blank_note": blank_note(member),
        "sees_deleted": member.may(Permission.SEE_DELETED),
        "upload_limit": settings.MEDIA_LIMIT_BYTES,
    }


def fragment_context(member: Member) -> dict[str, Any]:
    """What every fragment needs to know of who asks."""
    return {
        "slug": member.workspace.slug,
        "may_write": member.may(Permission.WRITE_MESSAGES),
    }


def _nothing_open(member: Member, standings: dict[uuid.UUID, Standing]) -> dict[str, Any]:
    """What stands in place of a conversation: the way to the first message, or whom to ask."""
    steps = first_steps(member, standings)
    shown = steps is not None and not steps.closed
    return {
        "steps": steps,
        "first_name": (member.user.name.split() or [""])[0],
        "simulator": bool(shown and not steps.written and simulator_url()),
        "leaders": leaders_of(member) if not standings and steps is None else "",
    }


def rows_context(request: HttpRequest) -> dict[str, Any]:
    member: Member = request.member
    filters = Filters.of(request.GET)
    cursor = request.GET.get("cursor")
    page = chat_page(
        member,
        channel=filters.channel,
        assigned=TABS[filters.tab][1],
        member=filters.member,
        unread=filters.unread,
        state=None if filters.q else filters.state,
        label=filters.label,
        q=filters.q,
        texts=False,
        cursor=cursor,
        limit=page_limit(request.GET.get("limit") or str(ROWS)),
    )
    standings = standings_seen_by(member)
    rows_url = reverse("inbox:chat-rows", args=[member.workspace.slug])
    return {
        "filters": filters,
        "rows": page.rows,
        "next": page.next,
        "next_url": f"{rows_url}?{filters.address(cursor=page.next)}" if page.next else "",
        "more_only": bool(cursor),
        "people_found": bool(filters.q and page.rows),
        "hits": [
            {"hit": hit, "title": title_of(hit.chat)}
            for hit in (text_hits(member, filters.q, limit=HITS) if filters.q and not cursor else [])
        ],
        "standings": standings,
        "connects": member.may(Permission.MANAGE_CHANNELS),
        "leaders": "" if standings else leaders_of(member),
    }


def leaders_of(member: Member) -> str:
    """Who can connect a number: "Ana, Adam or Kim"."""
    return get_text_list(helpers_of(member.workspace), _("or"))


def tabs(counts: TabCounts) -> list[dict[str, Any]]:
    return [{"name": name, "label": label, "count": getattr(counts, name)} for name, (label, _) in TABS.items()]


def blank_note(member: Member) -> NoteBubble:
    """The same for a note."""
    note = Note(author=member, author_name=member.user.name, created_at=now(), version=0)
    return NoteBubble(note=note, author_name=member.user.name, named=())


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
