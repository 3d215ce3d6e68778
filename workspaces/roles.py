"""Who may do what: the one table."""

import enum

from django.db import models


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    AGENT = "agent", "Agent"
    VIEWER = "viewer", "Viewer"


_RANK = {Role.VIEWER: 0, Role.AGENT: 1, Role.ADMIN: 2, Role.OWNER: 3}


def within(role: str, limit: str) -> bool:
    """Whether `role` may do no more than `limit`: nobody hands out, changes or takes away more than they have."""
    return _RANK[Role(role)] <= _RANK.get(limit, -1)


class Permission(enum.StrEnum):
    SEE_CHATS = "see chats"
    SEE_EVERY_CHANNEL = "see every channel"  # also those that are kept for teams
    WRITE_MESSAGES = "write messages"  # send, edit, revoke, react, mark read, assign
    RESOLVE_MESSAGES = "resolve messages"  # retry, cancel, mark as sent
    SEE_OUTBOX = "see the outbox"
    OPERATE_LANES = "pause and resume lanes"
    SEE_DELETED = "see deleted messages"  # what was taken back for everybody
    MANAGE_CHANNELS = "manage channels"  # connect, log out, tokens
    SEE_WEBHOOK_LOG = "see the webhook log"  # holds raw message bodies
    REPLAY_WEBHOOKS = "replay webhooks"
    MANAGE_MEMBERS = "manage members"
    MANAGE_TEAM_WORK = "manage labels, quick replies, teams and rules"
    MANAGE_API_KEYS = "manage API keys"
    SEE_AUDIT_LOG = "see the audit log"
    MANAGE_WORKSPACE = "manage the workspace"  # rename, hand over, close


_VIEWER = {Permission.SEE_CHATS}
_AGENT = _VIEWER | {Permission.WRITE_MESSAGES, Permission.RESOLVE_MESSAGES, Permission.SEE_OUTBOX}
_ADMIN = _AGENT | {
    Permission.SEE_EVERY_CHANNEL,
    Permission.MANAGE_TEAM_WORK,
    Permission.OPERATE_LANES,
    Permission.SEE_DELETED,
    Permission.MANAGE_CHANNELS,
    Permission.SEE_WEBHOOK_LOG,
    Permission.REPLAY_WEBHOOKS,
    Permission.MANAGE_MEMBERS,
    Permission.MANAGE_API_KEYS,
    Permission.SEE_AUDIT_LOG,
}

PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.VIEWER: frozenset(_VIEWER),
    Role.AGENT: frozenset(_AGENT),
    Role.ADMIN: frozenset(_ADMIN),
    Role.OWNER: frozenset(Permission),
}


def allows(role: str, permission: Permission) -> bool:
    return permission in PERMISSIONS.get(role, frozenset())
