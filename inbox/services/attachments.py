"""Files: uploads that wait for their message, and files of customers that were fetched from the provider."""

import re
import uuid
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from inbox.errors import MediaTooLarge, NotPossibleNow
from inbox.events import MessagesChanged
from inbox.jobs import MEDIA_FETCH
from inbox.models import Attachment, Message
from inbox.policy import INLINE_TYPES, KIND_LIMITS_BYTES, MEGABYTE, bare_mime_type, media_kind_of, type_of_file
from inbox.states import MEDIA_TYPES, AttachmentState, MessageType
from kernel.errors import Invalid
from kernel.events import publish
from kernel.ids import new_id
from kernel.opus import NotOpus, ogg_of_webm
from kernel.serving import UNKNOWN_TYPE
from kernel.sniffing import HEAD_BYTES
from outbox.registry import Settled
from outbox.services.enqueuing import enqueue
from outbox.states import ItemState, Priority
from workspaces.access import Actor, author_of, require
from workspaces.roles import Permission

FILE_NAME_MAX = 255
VOICE_TYPE = "audio/ogg; codecs=opus"
RECORDED_TYPES = frozenset({"audio/webm", "video/webm"})
"""What MediaRecorder of Chromium writes; Firefox writes Ogg, which is taken as it is."""
GONE_CODES = frozenset({"media_gone", "media_not_found", "not_found", "media_expired"})


def too_large() -> MediaTooLarge:
    return MediaTooLarge(
        gettext("The file is larger than {limit}, the most that can be sent. Choose a smaller one.").format(
            limit=size_words(settings.MEDIA_LIMIT_BYTES)
        )
    )


def size_words(size: int) -> str:
    """A number of bytes as people say it."""
    return f"{size / MEGABYTE:.0f} MB" if size >= MEGABYTE else f"{size:,} bytes"


def store_upload(
    *, actor: Actor, file: File, file_name: str, mime_type: str, kind: str = "", seconds: int | None = None
) -> Attachment:
    """Keep an uploaded file until a message takes it. `kind` "" lets the file decide how it is sent.

    A voice message is turned into what WhatsApp plays, if it came as a browser records it. Raises Forbidden,
    MediaTooLarge, Invalid.
    """
    require(actor, Permission.WRITE_MESSAGES)
    check_size(file.size)
    key = new_id()
    values = kept_file(
        actor.workspace_id, key, file=file, file_name=file_name, mime_type=mime_type, kind=kind, seconds=seconds
    )
    return Attachment.objects.create(
        pk=key, workspace_id=actor.workspace_id, uploaded_by=author_of(actor), state=AttachmentState.READY, **values
    )


def check_size(size: int) -> None:
    """Raises MediaTooLarge, Invalid."""
    if size > settings.MEDIA_LIMIT_BYTES:
        raise too_large()
    if not size:
        raise Invalid(gettext("The file is empty."), fields={"file": ["empty"]})


def kept_file(
    workspace_id: uuid.UUID,
    key: uuid.UUID,
    *,
    file: File,
    file_name: str,
    mime_type: str,
    kind: str,
    seconds: int | None = None,
) -> dict[str, Any]:
    """Put the file into the storage; what its attachment then says of it. Raises Invalid, MediaTooLarge."""
    if kind and kind not in MEDIA_TYPES:
        raise Invalid(
            f"kind must be one of: {', '.join(sorted(MEDIA_TYPES))}.", fields={"kind": ["not a kind of file"]}
        )
    file.seek(0)
    mime_type = type_of_file(file.read(HEAD_BYTES), clean_mime_type(mime_type), kind)
    file.seek(0)
    if kind and file.size > KIND_LIMITS_BYTES.get(kind, settings.MEDIA_LIMIT_BYTES):
        raise MediaTooLarge(
            gettext("As {kind} a file may have {limit}. Send it as a document.").format(
                kind=MessageType(kind).label.lower(), limit=size_words(KIND_LIMITS_BYTES[kind])
            )
        )
    kind = kind or media_kind_of(bare_mime_type(mime_type), file.size)
    if kind == MessageType.VOICE and bare_mime_type(mime_type) in RECORDED_TYPES:
        file, mime_type, seconds = voice_note(file.read())
        file_name = str(PurePath(file_name).with_suffix(".ogg")) if file_name else ""
    path = default_storage.save(storage_path(workspace_id, key), file)
    return {
        "kind": kind,
        "mime_type": mime_type,
        "file_name": clean_file_name(file_name),
        "size": file.size,
        "seconds": seconds,
        "path": path,
    }


def voice_note(recording: bytes) -> tuple[File, str, int]:
    """A browser's WebM recording as the Ogg file that WhatsApp plays as a voice message. Raises Invalid."""
    try:
        ogg, seconds = ogg_of_webm(recording)
    except NotOpus as error:
        raise Invalid(
            gettext("The recording cannot be sent as a voice message. Record it again, or send it as a file."),
            fields={"file": [str(error)]},
        ) from error
    return ContentFile(ogg, name="voice.ogg"), VOICE_TYPE, max(1, round(seconds))


def storage_path(workspace_id: uuid.UUID, attachment_id: uuid.UUID) -> str:
    """Where the file lies in the default storage. Nobody outside chooses any part of it."""
    return f"attachments/{workspace_id}/{attachment_id}"


def may_show_inline(attachment: Attachment) -> bool:
    """Whether a browser may show it in place: pictures, video and sound that carry no script."""
    return bare_mime_type(attachment.mime_type) in INLINE_TYPES


def shown_file_name(attachment: Attachment) -> str:
    return attachment.file_name or f"{attachment.kind}-{attachment.pk}"


def clean_file_name(name: str) -> str:
    """The last part of what a browser or a phone called it, fit for a header and a disk."""
    bare = PurePath(name.replace("\\", "/")).name
    printable = "".join(character for character in bare if character.isprintable()).strip()
    if len(printable) <= FILE_NAME_MAX:
        return printable
    suffix = PurePath(printable).suffix[:20]
    return printable[: FILE_NAME_MAX - len(suffix)] + suffix


def clean_mime_type(mime_type: str) -> str:
    """As claimed, when it looks like a type at all."""
    return mime_type if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,40}(; ?[\w.+-]+=[\w.+-]+)?", mime_type) else UNKNOWN_TYPE


def settle_fetches(settled: Sequence[Settled]) -> None:
    """Write what became of files asked for at the provider, and tell about their messages."""
    with transaction.atomic():
        changed = []
        for one in settled:
            values = _outcome(one)
            if values:
                Attachment.objects.filter(pk=one.order_key).update(**values)
                changed.append(one.order_key)
        _tell(changed)


def fetch_again(*, actor: Actor, attachment: Attachment) -> None:
    """Ask the provider once more for a customer's file that did not come, or that is no longer in the storage.

    Raises Forbidden; NotPossibleNow when it is being fetched, is here, or never was at a provider.
    """
    require(actor, Permission.WRITE_MESSAGES)
    if not may_be_fetched(attachment):
        raise NotPossibleNow(gettext("This file cannot be fetched: it is here, on its way, or only ever was with us."))
    again = {"state": AttachmentState.PENDING, "state_detail": ""}
    with transaction.atomic():
        if not Attachment.objects.filter(pk=attachment.pk, state=attachment.state).update(**again):
            raise NotPossibleNow(gettext("Somebody else was quicker."))
        _tell([attachment.pk])
        enqueue(
            workspace_id=attachment.workspace_id,
            lane_id=attachment.message.channel_id,
            order_key=attachment.pk,
            kind=MEDIA_FETCH,
            payload={"attachment_id": str(attachment.pk)},
            subject_id=attachment.pk,
            priority=Priority.INTERACTIVE,
        )


def may_be_fetched(attachment: Attachment) -> bool:
    """Whether there is a provider to ask, and a reason to."""
    known = attachment.message_id is not None and bool(attachment.provider_media_id or attachment.provider_link)
    gone = attachment.state in (AttachmentState.FAILED, AttachmentState.EXPIRED)
    return known and (gone or (attachment.state == AttachmentState.READY and not is_here(attachment)))


def is_here(attachment: Attachment) -> bool:
    return (
        attachment.state == AttachmentState.READY and bool(attachment.path) and default_storage.exists(attachment.path)
    )


def _tell(attachment_ids: Sequence[uuid.UUID]) -> None:
    """Let the messages of these files be drawn again."""
    messages = Message.objects.filter(attachments__in=attachment_ids).order_by("pk")
    places = set(messages.values_list("workspace_id", "channel_id", "chat_id", "pk"))
    Message.objects.filter(pk__in=[place[3] for place in places]).update(version=F("version") + 1)
    for workspace_id, channel_id, chat_id, key in sorted(places):
        publish(MessagesChanged(workspace_id=workspace_id, channel_id=channel_id, chat_id=chat_id, message_ids=(key,)))


def _outcome(one: Settled) -> dict:
    match one.state:
        case ItemState.SENT:
            # Told again, it comes without data; then the file lies where every file of this attachment lies.
            fetched = one.data or {"path": storage_path(one.workspace_id, one.order_key)}
            if one.data or default_storage.exists(fetched["path"]):
                return {"state": AttachmentState.READY, "state_detail": "", **fetched}
        case ItemState.FAILED | ItemState.UNCERTAIN | ItemState.CANCELLED:
            state = AttachmentState.EXPIRED if one.error_code in GONE_CODES else AttachmentState.FAILED
            return {"state": state, "state_detail": one.error[:300]}
    return {}
