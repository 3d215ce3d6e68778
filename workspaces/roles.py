"""Who may do what: the one table."""

import enum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    AGENT = "agent", _("Agent")
    VIEWER = "viewer", _("Viewer")


_RANK = {Role.VIEWER: 0, Role.AGENT: 1, Role.ADMIN: 2, Role.OWNER: 3}


def within(role: str, limit: str) -> bool:
    """Whether `role` may do no more than `limit`: nobody hands out, changes or takes away more than they have."""
    return _RANK[Role(role)] <= _RANK.get(limit, -1)


class Permission(enum.StrEnum):
    SEE_CHATS = gettext_noop("see chats")
    SEE_EVERY_CHANNEL = gettext_noop("see every channel")  # also those that are kept for teams
    WRITE_MESSAGES = gettext_noop("write messages")  # send, edit, revoke, react, mark read, assign
    RESOLVE_MESSAGES = gettext_noop("resolve messages")  # retry, cancel, mark as sent
    SEE_OUTBOX = gettext_noop("see the outbox")
    OPERATE_LANES = gettext_noop("pause and resume lanes")
    SEE_DELETED = gettext_noop("see deleted messages")  # what was taken back for everybody
    MANAGE_CHANNELS = gettext_noop("manage channels")  # connect, log out, tokens
    SEE_WEBHOOK_LOG = gettext_noop("see the webhook log")  # holds raw message bodies
    REPLAY_WEBHOOKS = gettext_noop("replay webhooks")
    MANAGE_MEMBERS = gettext_noop("manage members")
    MANAGE_TEAM_WORK = gettext_noop("manage labels, quick replies, teams and rules")
    MANAGE_API_KEYS = gettext_noop("manage API keys")
    SEE_AUDIT_LOG = gettext_noop("see the audit log")
    MANAGE_WORKSPACE = gettext_noop("manage the workspace")  # rename, hand over, close


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
