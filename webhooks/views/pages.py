"""The inbound log: what providers told us, and what became of it."""

from collections import Counter
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from channels_app.selectors.channels import channels_of
from kernel.errors import DomainError, NotFound
from kernel.sayings import said
from webhooks.selectors.log import event_for, log_page
from webhooks.services.replaying import replay
from webhooks.states import Result
from webhooks.views.payload import payload_of
from workspaces.roles import Permission
from workspaces.views.answering import tell
from workspaces.views.guard import requires

ROWS = 50
SEARCH_LIMIT_CHARACTERS = 255
MARKS = {  # (icon, tone, word) of a result
    Result.PENDING: ("clock", "", _("Waiting")),
    Result.APPLIED: ("tick", "", _("Applied")),
    Result.IGNORED: ("info", "dim", _("Nothing to do")),
    Result.PARKED: ("clock", "wait", _("Parked")),
    Result.REFUSED: ("banned", "bad", _("Refused")),
}


@require_safe
@requires(Permission.SEE_WEBHOOK_LOG)
def event_list(request: HttpRequest) -> HttpResponse:
    return render(request, "webhooks/log.html", _list_context(request))


@require_safe
@requires(Permission.SEE_WEBHOOK_LOG)
def event_detail(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """The same list with one event open beside it."""
    event = event_for(request.member, event_id)
    if event is None:
        raise NotFound
    context = _list_context(request)
    marked = context["search"] or (event.wa_message_ids[0] if event.wa_message_ids else "")
    context |= {
        "event": event,
        "size": len(bytes(event.body)),
        "payload": payload_of(bytes(event.body), marked=marked) if event.body else None,
    }
    return render(request, "webhooks/log.html", context)


@require_safe
@requires(Permission.SEE_WEBHOOK_LOG)
def event_body(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """The bytes as they came, to be saved: a browser must never show them as a page of ours."""
    event = event_for(request.member, event_id)
    if event is None:
        raise NotFound
    return HttpResponse(
        bytes(event.body),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="webhook-{event.pk}.json"'},
    )


@require_POST
@requires(Permission.REPLAY_WEBHOOKS)
def event_replay(request: HttpRequest, event_id: UUID) -> HttpResponse:
    tell(
        request,
        lambda: replay(event_id=event_id, actor=request.member),
        done=gettext("It was applied again. What it said before changes nothing a second time."),
    )
    return redirect("webhooks:event-detail", slug=request.workspace.slug, event_id=event_id)


@require_POST
@requires(Permission.REPLAY_WEBHOOKS)
def shown_replay(request: HttpRequest) -> HttpResponse:
    """Replay the events that the list showed, oldest first; each for itself."""
    ended: Counter[str] = Counter()
    for event_id in sorted(_ids(request.POST.getlist("event")))[:ROWS]:
        try:
            event = replay(event_id=event_id, actor=request.member)
        except DomainError as refusal:
            ended[said(refusal.message)] += 1
        else:
            ended[MARKS[Result(event.result)][2].lower()] += 1
    words = ", ".join(f"{count} {word}" for word, count in ended.items())
    done = gettext("Replayed: %(words)s.") % {"words": words} if words else gettext("There was nothing to replay.")
    messages.success(request, done)
    return redirect("webhooks:event-list", slug=request.workspace.slug)


def _ids(raw: list[str]) -> set[UUID]:
    ids = set()
    for text in raw:
        try:
            ids.add(UUID(text))
        except ValueError:
            continue
    return ids


def _list_context(request: HttpRequest) -> dict[str, object]:
    channels = {channel.pk: channel for channel in channels_of(request.member)}
    search = request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_LIMIT_CHARACTERS]
    channel_id = _known_channel(request.GET.get("channel", ""), channels)
    result = request.GET.get("result", "")
    result = result if result in Result.values else ""
    page = log_page(
        request.member,
        search=search,
        channel_id=channel_id,
        result=result,
        cursor=request.GET.get("cursor"),
        limit=ROWS,
    )
    chosen = {"q": search, "channel": channel_id or "", "result": result}
    return {
        "page": page,
        "rows": [(row, channels.get(row.channel_id), MARKS[Result(row.result)]) for row in page.rows],
        "channels": list(channels.values()),
        "names": channels,
        "results": [(result.value, word) for result, (_, _, word) in MARKS.items()],
        "search": search,
        "channel_id": channel_id,
        "result": result,
        "marks": MARKS,
        "replayable": [row.pk for row in page.rows if row.result != Result.REFUSED] if search or result else [],
        "filters": urlencode({name: value for name, value in chosen.items() if value}),
    }


def _known_channel(raw: str, channels: dict[UUID, object]) -> UUID | None:
    return next(iter(_ids([raw]) & channels.keys()), None)
