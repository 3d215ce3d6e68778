"""The audit log: one row for every administrative deed, written in the deed's own transaction."""

import uuid
from typing import Any

from django.db import models

from workspaces.access import Actor, Operator, name_of
from workspaces.models import ApiKey, AuditEntry, Member

_NAME_LIMIT = AuditEntry._meta.get_field("actor_name").max_length


def record(
    *,
    actor: Actor | None,
    deed: str,
    target: models.Model | None = None,
    details: dict[str, Any] | None = None,
    workspace_id: uuid.UUID | None = None,
) -> AuditEntry:
    """Note that `actor` did `deed` (dotted, past tense) to `target`.

    `details` hold small JSON values, never secrets or message text. `workspace_id` is needed when nobody in particular
    acts (`actor` None: a command, a schedule).
    """
    return AuditEntry.objects.create(
        workspace_id=workspace_id or actor.workspace_id,
        user=actor.user if isinstance(actor, Member | Operator) else None,
        api_key=actor if isinstance(actor, ApiKey) else None,
        actor_name=name_of(actor)[:_NAME_LIMIT],
        deed=deed,
        target_type=target._meta.label_lower if target is not None else "",
        target_id=target.pk if target is not None else None,
        details=details or {},
    )
