"""Files: uploads that wait for their message, and files of customers that were fetched from the provider."""

import re
import uuid
from collections.abc import Sequence
from pathlib import PurePath

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from inbox.errors import MediaTooLarge
from inbox.events import MessagesChanged
from inbox.models import Attachment, Message
from inbox.policy import INLINE_TYPES, bare_mime_type, media_kind_of
from inbox.states import MEDIA_TYPES, AttachmentState
from kernel.errors import Invalid
from kernel.events import publish
from kernel.ids import new_id
from kernel.serving import UNKNOWN_TYPE
from outbox.registry import Settled
from outbox.states import ItemState
from workspaces.access import Actor, author_of, require
from workspaces.roles import Permission

FILE_NAME_MAX = 255
GONE_CODES = frozenset({"media_gone", "media_not_found", "not_found", "media_expired"})


def too_large() -> MediaTooLarge:
    limit = settings.MEDIA_LIMIT_BYTES
    megabytes = f"{limit / 1024 / 1024:.0f} MB" if limit >= 1024 * 1024 else f"{limit:,} bytes"
    return MediaTooLarge(f"The file is larger than {megabytes}, the most that can be sent. Choose a smaller one.")


def store_upload(*, actor: Actor, file: File, file_name: str, mime_type: str, kind: str = "") -> Attachment:
    """Keep an uploaded file until a message takes it. `kind` "" lets the type decide how it is sent.

    Raises Forbidden, MediaTooLarge, Invalid.
    """
    require(actor, Permission.WRITE_MESSAGES)
    if file.size > settings.MEDIA_LIMIT_BYTES:
        raise too_large()
    if not file.size:
        raise Invalid("The file is empty.", fields={"file": ["empty"]})
    mime_type = clean_mime_type(mime_type)
    kind = kind or media_kind_of(bare_mime_type(mime_type))
    if kind not in MEDIA_TYPES:
        raise Invalid(
            f"kind must be one of: {', '.join(sorted(MEDIA_TYPES))}.", fields={"kind": ["not a kind of file"]}
        )
    key = new_id()
    path = default_storage.save(storage_path(actor.workspace_id, key), file)
    return Attachment.objects.create(
        pk=key,
        workspace_id=actor.workspace_id,
        uploaded_by=author_of(actor),
        kind=kind,
        mime_type=mime_type,
        file_name=clean_file_name(file_name),
        size=file.size,
        state=AttachmentState.READY,
        path=path,
    )


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
        messages = Message.objects.filter(attachments__in=changed).order_by("pk")
        places = set(messages.values_list("workspace_id", "channel_id", "chat_id", "pk"))
        Message.objects.filter(pk__in=[place[3] for place in places]).update(version=F("version") + 1)
        for workspace_id, channel_id, chat_id, key in sorted(places):
            publish(
                MessagesChanged(workspace_id=workspace_id, channel_id=channel_id, chat_id=chat_id, message_ids=(key,))
            )


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
