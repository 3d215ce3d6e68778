"""Who does the outbox work of the inbox: sends, changes, read receipts and files."""

import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction

from channels_app.providers.base import InboundMedia, InboundMessage, Outgoing
from channels_app.providers.errors import ProviderError
from channels_app.services import gateway
from channels_app.services.attempts import ended_by
from inbox.jobs import EDIT, MEDIA_FETCH, REACT, READ, RECOVER, REVOKE, SEND
from inbox.models import Attachment, Message
from inbox.services.attachments import settle_fetches, storage_path
from inbox.services.editing import note_refused, note_taken
from inbox.services.identities import note_normalised
from inbox.services.recovering import keep_recovered
from inbox.services.settling import settle_sends
from inbox.states import MessageStatus, looks_of
from outbox.errors import GiveUp, SlowDown
from outbox.registry import Accepted, Job, Kind, Settled
from outbox.states import ItemState

Answer = TypeVar("Answer")

LOOK_UP_DEADLINE_SECONDS = 10.0
NOT_ASKED_SECONDS = 1.0
"""When to try again what was not even begun because the database was away for a moment."""

LOOK_BACK = timedelta(seconds=60)
"""How far the provider's clock may be behind ours when we look for a message that we may have sent."""


# --- Sending ----------------------------------------------------------------------------------------------------------


def send(job: Job) -> Accepted:
    """No query in steady state: the payload is the whole message. Only a reply to one without an id asks for that."""
    until = time.monotonic() + job.deadline_seconds
    payload = dict(job.payload)
    quoted_id = payload.pop("quoted_message_id", None)
    if quoted_id is not None:
        _, payload["quoted_wa_id"] = _standing(quoted_id)
    outgoing = Outgoing.from_dict(payload)
    sent = _asked(lambda: gateway.send(job.lane_id, outgoing, deadline=until - time.monotonic()))
    note_normalised(workspace_id=job.workspace_id, asked=outgoing.to, answered=sent.wa_chat_id)
    return Accepted(provider_id=sent.wa_message_id, data={"at": sent.at} if sent.at else {})


def look_up(job: Job, started_at: datetime) -> Accepted | None:
    """The one message at the provider that can only be this attempt's: same looks, since then, not another's."""
    wanted = job.payload
    since = started_at - LOOK_BACK
    history = _asked(
        lambda: gateway.history(
            job.lane_id,
            wanted["to"],
            since=since,
            from_me=True,
            deadline=min(LOOK_UP_DEADLINE_SECONDS, job.deadline_seconds),
        )
    )
    looks = looks_of(wanted["type"], wanted.get("text", ""), wanted.get("poll"))
    alike = [
        one for one in history if one.from_me and one.at >= since and looks_of(one.type, one.text, one.poll) == looks
    ]
    free = _not_of_other_messages(job, alike)
    return Accepted(provider_id=free[0].wa_message_id, data={"at": free[0].at}) if len(free) == 1 else None


def _not_of_other_messages(job: Job, found: list[InboundMessage]) -> list[InboundMessage]:
    """Those that no other message of ours has; a bubble made from an echo has no client_id and is no claim."""
    ids = {one.wa_message_id for one in found}
    taken = set(
        Message.objects.filter(channel_id=job.lane_id, wa_message_id__in=ids, client_id__isnull=False)
        .exclude(pk=job.subject_id)
        .values_list("wa_message_id", flat=True)
    )
    return list({one.wa_message_id: one for one in found if one.wa_message_id not in taken}.values())


# --- Changing ---------------------------------------------------------------------------------------------------------


def edit(job: Job) -> Accepted:
    target = _target(job)
    _asked(
        lambda: gateway.edit(job.lane_id, job.payload["to"], target, job.payload["text"], deadline=job.deadline_seconds)
    )
    return Accepted(data=job.payload)


def revoke(job: Job) -> Accepted:
    target = _target(job)
    _asked(lambda: gateway.revoke(job.lane_id, job.payload["to"], target, deadline=job.deadline_seconds))
    return Accepted(data=job.payload)


def react(job: Job) -> Accepted:
    target = _target(job)
    _asked(
        lambda: gateway.react(
            job.lane_id, job.payload["to"], target, job.payload["emoji"], deadline=job.deadline_seconds
        )
    )
    return Accepted(data=job.payload)


def _target(job: Job) -> str:
    """The provider's id of the message to change; that stood before this item, so it was sent or never will be."""
    status, wa_message_id = _standing(job.payload["message_id"])
    if wa_message_id:
        return wa_message_id
    if status == MessageStatus.UNCERTAIN:
        detail = "Nobody knows whether the message itself was sent, so it cannot be changed at the provider."
        raise GiveUp("not_known", detail)
    raise GiveUp("not_sent", "The message itself was not sent, so there is nothing to change at the provider.")


def _standing(message_id: str) -> tuple[str, str]:
    """A message's status and its provider's id, "" for what there is not. Raises SlowDown: nothing has left yet."""
    try:
        found = Message.objects.filter(pk=message_id).values_list("status", "wa_message_id").first()
    except DatabaseError:
        detail = "The database could not be asked which message this is about; nothing was sent."
        raise SlowDown("database_away", detail, after_seconds=NOT_ASKED_SECONDS, scope="chat") from None
    status, wa_message_id = found or ("", "")
    return status, wa_message_id or ""


def _settle_change(change: str) -> Callable[[Sequence[Settled]], None]:
    def settle(settled: Sequence[Settled]) -> None:
        with transaction.atomic():
            taken = [one for one in settled if one.state == ItemState.SENT]
            refused = [one for one in settled if one.state in (ItemState.FAILED, ItemState.UNCERTAIN)]
            if taken:
                note_taken(taken, change)
            if refused:
                note_refused(refused, change)

    return settle


# --- Reading and files ------------------------------------------------------------------------------------------------


def mark_read(job: Job) -> Accepted:
    _asked(
        lambda: gateway.mark_read(
            job.lane_id, job.payload["to"], job.payload["wa_message_id"], deadline=job.deadline_seconds
        )
    )
    return Accepted()


def _nothing_to_settle(settled: Sequence[Settled]) -> None:
    """A read receipt changes nothing here."""


def fetch_media(job: Job) -> Accepted:
    """Bring a customer's file into the storage. A file whose message is gone meanwhile is left."""
    attachment = Attachment.objects.filter(pk=job.payload["attachment_id"]).first()
    if attachment is None:
        return Accepted()
    media = InboundMedia(
        kind=attachment.kind,
        provider_media_id=attachment.provider_media_id,
        link=attachment.provider_link,
        mime_type=attachment.mime_type,
        file_name=attachment.file_name,
        size=attachment.size,
    )
    with tempfile.TemporaryDirectory(prefix="waybill-media-") as folder:
        local = Path(folder) / "file"
        fetched = _asked(
            lambda: gateway.fetch_media(
                job.lane_id,
                media,
                str(local),
                limit_bytes=settings.MEDIA_LIMIT_BYTES,
                deadline=job.deadline_seconds,
            )
        )
        wanted = storage_path(attachment.workspace_id, attachment.pk)
        default_storage.delete(
            wanted
        )  # of a try whose end nobody recorded; two names for one file would leave one behind
        with local.open("rb") as file:
            path = default_storage.save(wanted, File(file))
    return Accepted(data={"path": path, "mime_type": attachment.mime_type or fetched.mime_type, "size": fetched.size})


# --- Looking for what never came --------------------------------------------------------------------------------------


def recover(job: Job) -> Accepted:
    since = datetime.fromisoformat(job.payload["since"])
    found = _asked(lambda: gateway.recent(job.subject_id, since=since, deadline=job.deadline_seconds))
    keep_recovered(channel_id=job.subject_id, found=found)
    return Accepted()


def _asked(call: Callable[[], Answer]) -> Answer:
    """What the provider answered. Raises the AttemptEnded that its refusal means."""
    try:
        return call()
    except ProviderError as error:
        raise ended_by(error) from error


KINDS = (
    Kind(SEND, perform=send, settle=settle_sends, look_up=look_up),
    Kind(EDIT, perform=edit, settle=_settle_change("edit"), repeatable=True),
    Kind(REVOKE, perform=revoke, settle=_settle_change("revoke"), repeatable=True),
    Kind(REACT, perform=react, settle=_settle_change("reaction"), repeatable=True),
    Kind(READ, perform=mark_read, settle=_nothing_to_settle, repeatable=True),
    Kind(MEDIA_FETCH, perform=fetch_media, settle=settle_fetches, repeatable=True),
    Kind(RECOVER, perform=recover, settle=_nothing_to_settle, repeatable=True),
)
