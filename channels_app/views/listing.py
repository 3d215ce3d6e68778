"""The channels page: a card for each number, and how the connections came and went."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from channels_app.access import channel_for
from channels_app.models import Channel
from channels_app.selectors.channels import channels_of
from channels_app.selectors.history import connection_history
from channels_app.states import SENDS
from channels_app.views.cards import DOTS, Card, card_of
from outbox.selectors.lanes import lane_overviews
from workspaces.access import Actor
from workspaces.roles import Permission
from workspaces.views.guard import requires

HISTORY_ROWS = 20


@require_safe
@requires(Permission.SEE_CHATS)
def channel_list(request: HttpRequest) -> HttpResponse:
    chosen = _chosen(request)
    page = connection_history(
        request.member,
        channel_id=chosen.pk if chosen else None,
        cursor=request.GET.get("cursor"),
        limit=HISTORY_ROWS,
    )
    context = {"history": page, "chosen": chosen, "dots": DOTS}
    return render(request, "channels_app/channels.html", context | cards_context(request.member))


@require_safe
@requires(Permission.SEE_CHATS)
def channel_cards(request: HttpRequest) -> HttpResponse:
    """The cards alone, for refreshing."""
    return render(request, "channels_app/_cards.html", cards_context(request.member))


def cards_context(actor: Actor) -> dict[str, object]:
    lanes = {overview.lane.pk: overview for overview in lane_overviews(actor.workspace_id)}
    cards = [card_of(channel, lanes.get(channel.pk)) for channel in channels_of(actor)]
    return {"cards": cards, "ready": sum(_sends_now(card) for card in cards)}


def _sends_now(card: Card) -> bool:
    stopped = card.paused or card.until is not None or card.channel.former_wa_id
    return card.channel.status in SENDS and not stopped


def _chosen(request: HttpRequest) -> Channel | None:
    """The channel that the history is narrowed to. Raises NoSuchChannel."""
    raw = request.GET.get("channel")
    if not raw:
        return None
    try:
        return channel_for(request.member, UUID(raw))
    except ValueError:
        return None
