"""Lets a template ask what the member may do."""

from django import template

from workspaces.access import Actor
from workspaces.roles import Permission

register = template.Library()


@register.filter
def may(actor: Actor | None, permission: str) -> bool:
    """Whether the actor's role has the permission of that name. Raises ValueError for an unknown name."""
    return actor is not None and actor.may(Permission(permission))


@register.filter
def of(table: dict, key: str) -> object:
    """What a table holds for a key, "" when nothing."""
    return table.get(key, "")
