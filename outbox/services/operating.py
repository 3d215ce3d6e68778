"""What people, webhooks and channels may do to items and lanes. Each deed is one transaction and wakes the relays."""

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from kernel.repeating import again_after_deadlock
from outbox.errors import NoLongerQueued, NoSuchItem
from outbox.models import Attempt, Item, Lane
from outbox.services import holding
from outbox.services.enqueuing import take_places
from outbox.services.settling import settled_from, tell_kinds
from outbox.services.waking import SHARE, chat_token, lane_token, wake_after_commit
from outbox.states import HoldKind, ItemState
from workspaces.access import Actor
from workspaces.services import auditing

# --- Items --------------------------------------------------------------------------------------------------------


@again_after_deadlock
def cancel_item(*, item_id: uuid.UUID) -> Item:
    """Take back what has not begun. Raises NoLongerQueued when an attempt is open or the item has ended."""
    with _waiting_item(item_id) as item:
        item.state, item.open = ItemState.CANCELLED, False
        _finish(item)
    return item


@again_after_deadlock
def replace_payload(*, item_id: uuid.UUID, payload: dict[str, Any]) -> Item:
    """Change what will be sent. Raises NoLongerQueued when an attempt is open or the item has ended."""
    with _waiting_item(item_id) as item:
        item.payload = payload
        item.save(update_fields=["payload"])
    return item


@again_after_deadlock
def reschedule_item(*, item_id: uuid.UUID, due_at: datetime | None) -> Item:
    """Another time for a scheduled item; None sends it now, from the tail of its chat. Raises NoLongerQueued."""
    with _waiting_item(item_id) as item:
        if item.state != ItemState.SCHEDULED:
            raise NoLongerQueued("Only what is scheduled can be given another time.")
        item.due_at = due_at or _database_now()
        if due_at is None:
            item.seq = take_places({item.order_key: 1})[item.order_key]
            item.state, item.open = ItemState.QUEUED, True
        item.save(update_fields=["due_at", "seq", "state", "open"])
        if due_at is None:
            tell_kinds([settled_from(item)])
            _wake(item)
    return item


@again_after_deadlock
def retry_item(*, item_id: uuid.UUID) -> Item:
    """Try a failed or uncertain item again, with all its tries.

    It goes to the tail of its chat; an uncertain item that still blocks its chat keeps its place at the head.
    Raises NoLongerQueued in any other state.
    """
    with transaction.atomic():
        item = _locked_item(item_id)
        if item.state not in (ItemState.FAILED, ItemState.UNCERTAIN):
            raise NoLongerQueued("Only a failed or uncertain item can be tried again.")
        if not item.open:
            item.seq = take_places({item.order_key: 1})[item.order_key]
        item.state, item.open, item.attempts = ItemState.QUEUED, True, 0
        item.error_code = item.error = item.provider_id = ""
        item.due_at, item.finished_at, item.released_at = _database_now(), None, None
        item.save()
        tell_kinds([settled_from(item)])
        _wake(item)
    return item


@again_after_deadlock
def release_item(*, item_id: uuid.UUID) -> Item:
    """Let the chat go on although nobody knows whether this arrived: it stays uncertain. Raises NoLongerQueued."""
    with transaction.atomic():
        item = _locked_item(item_id)
        if item.state != ItemState.UNCERTAIN or not item.open:
            raise NoLongerQueued("Only an uncertain item that still blocks its chat can be released.")
        item.open, item.released_at = False, _database_now()
        item.save(update_fields=["open", "released_at"])
        tell_kinds([settled_from(item, data={"released": True})])
        _wake(item)
    return item


@again_after_deadlock
def confirm_item(*, item_id: uuid.UUID, provider_id: str, at: datetime, how: str) -> Item:
    """Evidence says that it arrived: an uncertain item, or one whose attempt is still open, becomes sent.

    how: "echo" | "status" | "look-up" | "person". An open attempt stays open until its own answer comes, so nothing
    else of the chat starts beside it. An item that is sent already is left as it is. Raises NoLongerQueued otherwise.
    """
    with transaction.atomic():
        # Attempts are locked before items everywhere; the tick does the same.
        newest = Attempt.objects.select_for_update().filter(item_id=item_id).order_by("-id").first()
        item = _locked_item(item_id)
        if item.state == ItemState.SENT:
            return item
        has_open_attempt = newest is not None and newest.outcome is None
        if item.state != ItemState.UNCERTAIN and not (item.state == ItemState.QUEUED and has_open_attempt):
            raise NoLongerQueued("Only an uncertain item, or one that is being sent, can be confirmed.")
        if newest is not None:
            newest.late_evidence = {"how": how, "provider_id": provider_id, "at": at.isoformat()}
            newest.save(update_fields=["late_evidence"])
        item.state, item.open, item.provider_id = ItemState.SENT, False, provider_id
        item.error_code = item.error = ""
        _finish(item, data={"how": how, "at": at})
    return item


def lock_items(item_ids: Collection[uuid.UUID]) -> None:
    """Lock items and their attempts in the relay's order. Call before confirming several in one transaction."""
    list(Attempt.objects.select_for_update().filter(item_id__in=item_ids).order_by("pk").values_list("pk"))
    list(Item.objects.select_for_update(no_key=True).filter(pk__in=item_ids).order_by("pk").values_list("pk"))


# --- Lanes --------------------------------------------------------------------------------------------------------


def ensure_lane(
    *, lane_id: uuid.UUID, workspace_id: uuid.UUID, name: str, cap: int = 4, upstream: str | None = None
) -> Lane:
    """The lane of this id, made or brought up to date.

    `upstream` names what fails as one with other lanes, e.g. the provider; None leaves it as it is.
    """
    wanted = {"name": name, "cap": cap} | ({} if upstream is None else {"upstream": upstream})
    with transaction.atomic():
        lane, made = Lane.objects.get_or_create(pk=lane_id, defaults={"workspace_id": workspace_id, **wanted})
        if not made and any(getattr(lane, field) != value for field, value in wanted.items()):
            Lane.objects.filter(pk=lane_id).update(**wanted)
            lane.refresh_from_db()
        wake_after_commit([SHARE, lane_token(lane_id)])
    return lane


@again_after_deadlock
def pause_lane(*, lane_id: uuid.UUID, reason: str = "", actor: Actor | None = None) -> Lane:
    """A person's hold: no attempt starts after its commit. Pausing twice changes the reason. Raises NoSuchLane."""
    with _changed_lane(lane_id) as lane:
        holding.pause(lane, reason)
        _audit(actor, "lane.paused", lane, {"reason": lane.paused_reason})
    return lane


@again_after_deadlock
def resume_lane(*, lane_id: uuid.UUID, actor: Actor | None = None) -> Lane:
    """End a person's hold only: what a provider asked for, and a lost connection, still hold. Raises NoSuchLane."""
    with _changed_lane(lane_id) as lane:
        if lane.paused:
            holding.resume(lane)
            _audit(actor, "lane.resumed", lane, {})
    return lane


@again_after_deadlock
def clear_hold(*, lane_id: uuid.UUID, actor: Actor | None = None) -> Lane:
    """Resume now: end a person's hold and a timed one. A closed lane stays closed. Raises NoSuchLane."""
    with _changed_lane(lane_id) as lane:
        if lane.paused:
            holding.resume(lane)
        if lane.not_before is not None:
            holding.lift(lane)
        _audit(actor, "lane.hold_cleared", lane, {})
    return lane


@again_after_deadlock
def hold_lane(*, lane_id: uuid.UUID, seconds: float, reason: str, kind: str = HoldKind.RATE_LIMIT) -> datetime:
    """Keep the lane still for `seconds`; never shortens a hold. Returns when it ends. Raises NoSuchLane."""
    with _changed_lane(lane_id) as lane:
        return holding.hold_until_later(lane, seconds=seconds, reason=reason, kind=kind)


@again_after_deadlock
def close_lane(*, lane_id: uuid.UUID, reason: str) -> Lane:
    """The channel cannot send until it is connected again; what is written waits. Raises NoSuchLane."""
    with _changed_lane(lane_id) as lane:
        holding.close(lane, reason)
    return lane


@again_after_deadlock
def open_lane(*, lane_id: uuid.UUID) -> Lane:
    """The channel can send again. Raises NoSuchLane."""
    with _changed_lane(lane_id) as lane:
        if lane.closed:
            holding.open_again(lane)
    return lane


# --- Shared -------------------------------------------------------------------------------------------------------


def _locked_item(item_id: uuid.UUID) -> Item:
    item = Item.objects.select_for_update(no_key=True).filter(pk=item_id).first()
    if item is None:
        raise NoSuchItem
    return item


@contextmanager
def _waiting_item(item_id: uuid.UUID) -> Iterator[Item]:
    """The item, locked, waiting and without an open attempt. The relay locks it too before it begins one."""
    with transaction.atomic():
        item = _locked_item(item_id)
        waiting = item.state in (ItemState.SCHEDULED, ItemState.QUEUED)
        if not waiting or Attempt.objects.filter(item_id=item_id, finished_at__isnull=True).exists():
            raise NoLongerQueued
        yield item


@contextmanager
def _changed_lane(lane_id: uuid.UUID) -> Iterator[Lane]:
    with transaction.atomic():
        lane = holding.locked_lane(lane_id)
        yield lane
        wake_after_commit([lane_token(lane_id)])


def _finish(item: Item, data: dict[str, Any] | None = None) -> None:
    item.finished_at = _database_now()
    item.save(update_fields=["state", "open", "provider_id", "error_code", "error", "finished_at"])
    tell_kinds([settled_from(item, data=data)])
    _wake(item)


def _wake(item: Item) -> None:
    wake_after_commit([chat_token(item.lane_id, item.order_key, item.priority)])


def _audit(actor: Actor | None, deed: str, lane: Lane, details: dict[str, Any]) -> None:
    if actor is not None:
        auditing.record(actor=actor, deed=deed, target=lane, details=details)


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        return cursor.fetchone()[0]
