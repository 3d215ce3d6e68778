"""Lets a template ask what the member may do."""

from django import template

from workspaces.access import Actor
from workspaces.roles import Permission

register = template.Library()


@register.filter
def may(actor: Actor | None, permission: str) -> bool:
    """Whether the actor's role has the permission of that name. Raises ValueError for a name that is not in the table."""
    return actor is not None and actor.may(Permission(permission))
