"""API keys: shown once, kept as a digest."""

import uuid
from datetime import datetime

from django.db import transaction

from kernel import clock, signing
from kernel.errors import Forbidden, Invalid
from workspaces.access import Actor, author_of, require
from workspaces.errors import NoSuchApiKey, RoleTooHigh
from workspaces.models import ApiKey
from workspaces.roles import Permission, Role, within
from workspaces.services.auditing import record
from workspaces.services.people import clean_name

PREFIX = "wb_"
NAME_LIMIT = 80


def create_api_key(*, actor: Actor, name: str, role: str, expires_at: datetime | None = None) -> tuple[ApiKey, str]:
    """A key and its secret, which cannot be read again. Its role is at most the actor's own.

    Raises Forbidden (RoleTooHigh, and for a key that tries to make keys: it would outlive its own end), or Invalid.
    """
    require(actor, Permission.MANAGE_API_KEYS)
    if isinstance(actor, ApiKey):
        raise Forbidden("Only people make API keys, on the settings page.")
    role, name = Role(role), clean_name(name, limit=NAME_LIMIT)
    if not within(role, actor.role):
        raise RoleTooHigh
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("The key would have ended already.", fields={"expires_at": ["Must be in the future."]})
    secret = signing.new_secret(PREFIX)
    with transaction.atomic():
        key = ApiKey.objects.create(
            workspace_id=actor.workspace_id,
            name=name,
            role=role,
            digest=signing.digest(secret),
            hint=secret[-4:],
            created_by=author_of(actor),
            expires_at=expires_at,
        )
        record(actor=actor, deed="api_key.created", target=key, details={"name": name, "role": role})
    return key, secret


def revoke(*, actor: Actor, key_id: uuid.UUID) -> None:
    """The key opens nothing from the commit on. Raises Forbidden, or NoSuchApiKey."""
    require(actor, Permission.MANAGE_API_KEYS)
    with transaction.atomic():
        key = (
            ApiKey.objects.select_for_update(of=("self",))
            .filter(workspace_id=actor.workspace_id, pk=key_id, revoked_at__isnull=True)
            .first()
        )
        if key is None:
            raise NoSuchApiKey
        if not within(key.role, actor.role):
            raise RoleTooHigh
        key.revoked_at = clock.now()
        key.save(update_fields=["revoked_at"])
        record(actor=actor, deed="api_key.revoked", target=key, details={"name": key.name})
