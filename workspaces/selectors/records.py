"""What a workspace keeps about its programs and its deeds."""

import uuid

from django.db.models import QuerySet

from kernel.errors import Invalid
from kernel.paging import Page, decode_cursor, encode_cursor
from workspaces.models import ApiKey, AuditEntry, Workspace


def living_keys_of(workspace: Workspace) -> QuerySet[ApiKey]:
    """The keys that were not revoked, newest first; expired ones among them."""
    return (
        ApiKey.objects.select_related("created_by__user")
        .filter(workspace=workspace, revoked_at__isnull=True)
        .order_by("-id")
    )


def audit_page(workspace: Workspace, *, cursor: str | None, limit: int) -> Page:
    """Entries of the audit log, newest first. Raises Invalid for a cursor that it did not give out."""
    entries = AuditEntry.objects.filter(workspace=workspace).order_by("-id")
    if cursor:
        (last,) = decode_cursor(cursor, 1)
        entries = entries.filter(id__lt=_uuid(last))
    rows = list(entries[: limit + 1])
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if len(rows) > limit else None)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid("The cursor is not one that this list gave out. Start again without it.") from None
