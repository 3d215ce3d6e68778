"""Uploads in parts: each part is small, so no server holds a large file in memory, and a lost connection costs one."""

import contextlib
from datetime import timedelta

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import transaction

from inbox.models import Attachment
from inbox.services.attachments import check_size, clean_file_name, clean_mime_type, kept_file
from inbox.states import AttachmentState
from kernel.clock import now
from kernel.errors import Invalid
from kernel.ids import new_id
from workspaces.access import Actor, author_of, require
from workspaces.roles import Permission

UNUSED_DAYS = 7
"""An upload that no message took by then is forgotten: longer than any draft that waits for its network."""


def begin_upload(*, actor: Actor, part: File, total: int, file_name: str, mime_type: str, kind: str) -> Attachment:
    """Take the first part of a file of `total` bytes. Raises Forbidden, MediaTooLarge, Invalid."""
    require(actor, Permission.WRITE_MESSAGES)
    check_size(total)
    upload = Attachment.objects.create(
        pk=new_id(),
        workspace_id=actor.workspace_id,
        uploaded_by=author_of(actor),
        kind=kind[:8],
        mime_type=clean_mime_type(mime_type),
        file_name=clean_file_name(file_name),
        size=total,
        state=AttachmentState.PENDING,
    )
    return add_part(actor=actor, upload=upload, part=part, offset=0)


def add_part(*, actor: Actor, upload: Attachment, part: File, offset: int) -> Attachment:
    """Take the part that begins at byte `offset`; with the last one the file is ready.

    A part that is here already, or that does not follow, changes nothing: `received_of` says where to go on. Raises
    Forbidden, Invalid.
    """
    require(actor, Permission.WRITE_MESSAGES)
    with transaction.atomic():
        upload = Attachment.objects.select_for_update().get(pk=upload.pk)
        if upload.state == AttachmentState.READY or offset != received_of(upload):
            return upload
        if not part.size or offset + part.size > upload.size:
            raise Invalid("The part does not fit into the file.", fields={"file": ["wrong size"]})
        default_storage.save(f"{_folder(upload)}/{offset:012}", part)
        if offset + part.size == upload.size:
            _finish(upload)
    return upload


def received_of(upload: Attachment) -> int:
    """How many bytes of the file are here, without a gap."""
    return upload.size if upload.state == AttachmentState.READY else sum(size for _, size in _parts(upload))


def forget_uploads() -> int:
    """Delete uploads that no message took, with their files. Returns how many."""
    old = Attachment.objects.filter(message__isnull=True, created_at__lt=now() - timedelta(days=UNUSED_DAYS))
    forgotten = 0
    for upload in old.iterator():
        _drop_parts(upload)
        if upload.path:
            default_storage.delete(upload.path)
        forgotten += old.filter(pk=upload.pk).delete()[0]
    return forgotten


def _finish(upload: Attachment) -> None:
    with TemporaryUploadedFile(upload.file_name, upload.mime_type, upload.size, None) as whole:
        for name, _ in _parts(upload):
            with default_storage.open(name, "rb") as part:
                for chunk in File(part).chunks():
                    whole.write(chunk)
        whole.flush()
        values = kept_file(
            upload.workspace_id,
            upload.pk,
            file=whole,
            file_name=upload.file_name,
            mime_type=upload.mime_type,
            kind=upload.kind,
        )
    for name, value in {**values, "state": AttachmentState.READY}.items():
        setattr(upload, name, value)
    upload.save(update_fields=[*values, "state"])
    transaction.on_commit(lambda: _drop_parts(upload))


def _folder(upload: Attachment) -> str:
    return f"uploads/{upload.workspace_id}/{upload.pk}"


def _parts(upload: Attachment) -> list[tuple[str, int]]:
    """(path, size) in order, up to the first gap."""
    try:
        names = sorted(default_storage.listdir(_folder(upload))[1])
    except FileNotFoundError:
        return []
    found, end = [], 0
    for name in names:
        path = f"{_folder(upload)}/{name}"
        if name != f"{end:012}":
            continue
        size = default_storage.size(path)
        found.append((path, size))
        end += size
    return found


def _drop_parts(upload: Attachment) -> None:
    for path, _ in _parts(upload):
        default_storage.delete(path)
    with contextlib.suppress(OSError):
        default_storage.delete(_folder(upload))  # an empty folder, where the storage has folders
