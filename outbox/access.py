"""Who may see and operate the outbox: the only way from an id in a request to a row."""

import uuid
from collections.abc import Callable, Collection

from outbox.errors import NoSuchItem, NoSuchLane
from outbox.models import Item, Lane
from workspaces.access import Actor, require
from workspaces.roles import Permission

_hiding: list[Callable[[Actor], Collection[uuid.UUID]]] = []


def hide_lanes(rule: Callable[[Actor], Collection[uuid.UUID]]) -> None:
    """Comes down from a higher app: `rule` says which lanes of the actor's workspace are not there for the actor."""
    if rule not in _hiding:
        _hiding.append(rule)


def hidden_lanes(actor: Actor) -> set[uuid.UUID]:
    return {lane_id for rule in _hiding for lane_id in rule(actor)}


def lane_for(actor: Actor, lane_id: uuid.UUID) -> Lane:
    """A lane that the actor sees. Raises NoSuchLane, Forbidden."""
    lane = Lane.objects.filter(pk=lane_id, workspace_id=actor.workspace_id).first()
    if lane is None or lane.pk in hidden_lanes(actor):
        raise NoSuchLane
    require(actor, Permission.SEE_OUTBOX)
    return lane


def lane_to_operate(actor: Actor, lane_id: uuid.UUID) -> Lane:
    """A lane that the actor may pause and resume. Raises NoSuchLane, Forbidden."""
    lane = lane_for(actor, lane_id)
    require(actor, Permission.OPERATE_LANES)
    return lane


def item_for(actor: Actor, item_id: uuid.UUID) -> Item:
    """An item of a lane that the actor sees. Raises NoSuchItem, Forbidden."""
    item = Item.objects.select_related("lane").filter(pk=item_id, workspace_id=actor.workspace_id).first()
    if item is None or item.lane_id in hidden_lanes(actor):
        raise NoSuchItem
    require(actor, Permission.SEE_OUTBOX)
    return item
