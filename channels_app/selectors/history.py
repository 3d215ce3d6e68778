"""How connections came and went."""

import uuid

from channels_app.models import ConnectionLogEntry
from kernel.errors import Invalid
from kernel.paging import Page, decode_cursor, encode_cursor
from workspaces.access import Actor


def connection_history(
    actor: Actor, *, channel_id: uuid.UUID | None = None, cursor: str | None = None, limit: int
) -> Page:
    """Moves of the workspace's channels, or of one of them, newest first. Raises Invalid for a foreign cursor."""
    entries = ConnectionLogEntry.objects.select_related("channel").filter(
        workspace_id=actor.workspace_id, channel__removed_at__isnull=True
    )
    if channel_id is not None:
        entries = entries.filter(channel_id=channel_id)
    if cursor:
        entries = entries.filter(id__lt=_uuid(decode_cursor(cursor, 1)[0]))
    rows = list(entries.order_by("-id")[: limit + 1])
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if len(rows) > limit else None)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid("The cursor is not one that this list gave out. Start again without it.") from None
