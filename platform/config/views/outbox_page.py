"""The outbox page: every lane with its queue and its pulse, and the items that wait, failed, or may have been sent."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from channels_app import jobs
from channels_app.models import Channel
from channels_app.selectors.channels import channels_of
from config.views.outbox_rows import KINDS, rows_of
from inbox.access import message_for
from inbox.jobs import SEND
from inbox.services import resolving
from kernel import clock
from kernel.errors import DomainError
from kernel.sayings import said
from outbox.access import hidden_lanes
from outbox.errors import NoSuchLane
from outbox.models import Item, Lane
from outbox.selectors.items import items_page
from outbox.selectors.lanes import WAITING_LIMIT, LaneOverview, lane_overviews
from outbox.services import operating
from workspaces.access import name_of, require
from workspaces.models import Member
from workspaces.roles import Permission
from workspaces.views.answering import tell
from workspaces.views.guard import requires

ROWS = 50
DEEDS_AT_ONCE = 200
CHANNEL_KINDS = {jobs.CONNECT, jobs.LOG_OUT, jobs.REGISTER_WEBHOOK}
TABS = {  # name in the address → (words, status of outbox.selectors.items)
    "person": (_("Needs a person"), "needs-person"),
    "waiting": (_("Waiting"), "queued"),
    "sending": (_("Being sent"), "sending"),
    "scheduled": (_("Scheduled"), "scheduled"),
    "sent": (_("Sent"), "sent"),
    "cancelled": (_("Cancelled"), "cancelled"),
}


@dataclass(frozen=True)
class Bar:
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class LaneRow:
    overview: LaneOverview
    channel: Channel | None  # None for the lane of something else
    dot: str
    word: str
    waiting: str
    bars: list[Bar]
    now: int  # sent in the last full minute


# --- Reading ----------------------------------------------------------------------------------------------------------


@require_safe
@requires(Permission.SEE_OUTBOX)
def lane_list(request: HttpRequest) -> HttpResponse:
    return render(request, "outbox/outbox.html", lanes_context(request.member) | _items_context(request))


@require_safe
@requires(Permission.SEE_OUTBOX)
def lane_part(request: HttpRequest) -> HttpResponse:
    """Sums and lanes alone, for refreshing."""
    return render(request, "outbox/_lanes.html", lanes_context(request.member))


@require_safe
@requires(Permission.SEE_OUTBOX)
def item_part(request: HttpRequest) -> HttpResponse:
    """The items alone, for refreshing."""
    return render(request, "outbox/_items.html", _items_context(request))


def lanes_context(member: Member) -> dict[str, object]:
    overviews = list(filter(_is_worth_a_row, lane_overviews(member.workspace_id, hidden=hidden_lanes(member))))
    channels = {channel.pk: channel for channel in channels_of(member)}
    minutes = [sum(minute) for minute in zip(*(overview.sent_last_hour for overview in overviews), strict=True)]
    oldest = min(
        (overview for overview in overviews if overview.oldest_waiting_at),
        key=lambda overview: overview.oldest_waiting_at,
        default=None,
    )
    waiting = sum(overview.waiting for overview in overviews)
    return {
        "lanes": [lane_row(overview, channels.get(overview.lane.pk)) for overview in overviews],
        "on_hold": sum(overview.state in {"paused", "held", "closed"} for overview in overviews),
        "bars": bars_of(minutes, width=600, height=72),
        "sent_now": count_text(minutes[-2] if len(minutes) > 1 else 0),
        "sent_hour": count_text(sum(minutes)),
        "peak": count_text(max(minutes, default=0)),
        "waiting": count_text(waiting, more=any(overview.waiting >= WAITING_LIMIT for overview in overviews)),
        "busy_lanes": sum(overview.waiting > 0 for overview in overviews),
        "oldest": oldest,
        "needs_person": sum(overview.needs_person for overview in overviews),
    }


def _is_worth_a_row(overview: LaneOverview) -> bool:
    """A channel's lane for connecting is shown only while something is in it."""
    return not overview.lane.name.endswith("(connection)") or overview.waiting > 0


def lane_row(overview: LaneOverview, channel: Channel | None) -> LaneRow:
    dot, word = {
        "running": ("good", _("Running")),
        "idle": ("idle", _("Idle")),
        "retrying": ("wait", _("Tries again")),
        "paused": ("wait", _("Paused")),
        "held": ("wait", _("Paused")),
        "closed": ("bad", _("Closed")),
    }[overview.state]
    minutes = overview.sent_last_hour
    return LaneRow(
        overview=overview,
        channel=channel,
        dot=dot,
        word=word,
        waiting=count_text(overview.waiting, more=overview.waiting >= WAITING_LIMIT),
        bars=bars_of(minutes, width=180, height=22),
        now=minutes[-2] if len(minutes) > 1 else 0,
    )


def bars_of(minutes: list[int], *, width: int, height: int) -> list[Bar]:
    """Bars of a chart, the tallest as high as the chart; a minute with anything in it is at least two high."""
    peak = max(minutes, default=0)
    if not peak:
        return []
    step = width / len(minutes)
    heights = [max(2.0, round(count / peak * height, 1)) if count else 0.0 for count in minutes]
    return [Bar(round(index * step), height - tall, tall) for index, tall in enumerate(heights) if tall]


def count_text(count: int, *, more: bool = False) -> str:
    return f"{count:,}+" if more else f"{count:,}"


def _items_context(request: HttpRequest) -> dict[str, object]:
    tab = request.GET.get("tab", "person")
    tab = tab if tab in TABS else "person"
    hidden = hidden_lanes(request.member)
    lanes = list(Lane.objects.filter(workspace_id=request.member.workspace_id).exclude(pk__in=hidden).order_by("name"))
    lane_id = _known(request.GET.get("lane", ""), {lane.pk for lane in lanes})
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    page = items_page(
        request.member.workspace_id,
        status=TABS[tab][1],
        lane_id=lane_id,
        kind=kind,
        hidden=hidden,
        cursor=request.GET.get("cursor"),
        limit=ROWS,
    )
    chosen = {"tab": tab if tab != "person" else "", "lane": lane_id or "", "kind": kind}
    return {
        "tab": tab,
        "tabs": [(name, words) for name, (words, _) in TABS.items()],
        "rows": rows_of(request.member, page.rows),
        "next": page.next,
        "cursor": request.GET.get("cursor", ""),
        "all_lanes": [lane for lane in lanes if not lane.name.endswith("(connection)")],
        "lane_id": lane_id,
        "kind": kind,
        "kinds": [(name, words) for name, (_, words) in KINDS.items()],
        "filters": urlencode({name: value for name, value in chosen.items() if value}),
        "may_resolve": request.member.may(Permission.RESOLVE_MESSAGES) and tab in {"person", "waiting", "scheduled"},
    }


def _known(raw: str, ids: set[UUID]) -> UUID | None:
    try:
        value = UUID(raw)
    except ValueError:
        return None
    return value if value in ids else None


# --- Deeds ------------------------------------------------------------------------------------------------------------


@require_POST
@requires(Permission.OPERATE_LANES)
def lane_act(request: HttpRequest, lane_id: UUID, deed: str) -> HttpResponse:
    """Pause, resume, or resume now."""
    member = request.member
    lane = Lane.objects.filter(pk=lane_id, workspace_id=member.workspace_id).first()
    if lane is None:
        raise NoSuchLane
    on = {"lane_id": lane_id, "actor": member}
    named = {"name": lane.name}
    deeds: dict[str, tuple[Callable[[], object], str]] = {
        "pause": (
            lambda: operating.pause_lane(**on, reason=f"Paused by {name_of(member)}."),
            _("%(name)s is paused. What you write waits.") % named,
        ),
        "resume": (lambda: operating.resume_lane(**on), _("%(name)s goes on.") % named),
        "resume-now": (lambda: operating.clear_hold(**on), _("%(name)s goes on now.") % named),
    }
    if deed not in deeds:
        raise Http404
    do, done = deeds[deed]
    tell(request, do, done=done)
    return redirect("outbox:lane-list", slug=request.workspace.slug)


@require_POST
@requires(Permission.RESOLVE_MESSAGES)
def items_act(request: HttpRequest) -> HttpResponse:
    """Try again, cancel, or mark as sent: the items that were chosen, each for itself."""
    deed = request.POST.get("deed", "")
    if deed not in DEEDS:
        raise Http404
    do, done = DEEDS[deed]
    outcomes: Counter[str] = Counter()
    for item in _chosen_items(request):
        try:
            if item.kind in CHANNEL_KINDS:  # a role that may not log a number out may not do it by a second try either
                require(request.member, Permission.MANAGE_CHANNELS)
            do(request.member, item)
            outcomes[""] += 1
        except DomainError as refusal:
            outcomes[refusal.message] += 1
    if not outcomes:
        messages.error(request, gettext("Choose one or more rows first."))
    if outcomes[""]:
        messages.success(request, done % {"n": outcomes.pop("")})
    for reason, count in outcomes.items():
        if count:
            words = gettext("%(n)s could not be changed. %(reason)s")
            messages.error(request, words % {"n": count, "reason": said(reason)})
    filters = request.POST.get("filters", "")
    answer = redirect("outbox:lane-list", slug=request.workspace.slug)
    if filters.replace("=", "").replace("&", "").replace("-", "").replace(".", "").isalnum():
        answer["Location"] += f"?{filters}"
    return answer


def _chosen_items(request: HttpRequest) -> list[Item]:
    ids = []
    for raw in request.POST.getlist("item")[:DEEDS_AT_ONCE]:
        try:
            ids.append(UUID(raw))
        except ValueError:
            continue
    chosen = Item.objects.filter(workspace_id=request.member.workspace_id, pk__in=ids)
    return list(chosen.exclude(lane_id__in=hidden_lanes(request.member)).order_by("id"))


def _retry(member: Member, item: Item) -> None:
    if item.kind == SEND:
        resolving.retry_message(actor=member, message=message_for(member, item.subject_id))
    else:
        operating.retry_item(item_id=item.pk)


def _cancel(member: Member, item: Item) -> None:
    if item.kind == SEND:
        resolving.cancel_message(actor=member, message=message_for(member, item.subject_id))
    else:
        operating.cancel_item(item_id=item.pk)


def _mark_sent(member: Member, item: Item) -> None:
    if item.kind == SEND:
        resolving.mark_sent(actor=member, message=message_for(member, item.subject_id))
    else:
        operating.confirm_item(item_id=item.pk, provider_id="", at=clock.now(), how="person")


DEEDS = {
    "retry": (_retry, _("%(n)s will be tried again.")),
    "cancel": (_cancel, _("%(n)s cancelled.")),
    "mark-sent": (_mark_sent, _("%(n)s marked as sent.")),
}
