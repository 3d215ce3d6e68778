"""The rail beside every page: its places, and the numbers with their health."""

from dataclasses import dataclass

from django import template
from django.templatetags.static import static

from inbox.selectors.standings import Standing, standings_of
from workspaces.models import Member
from workspaces.roles import Permission

register = template.Library()


@dataclass(frozen=True)
class Rail:
    channels: list[Standing]
    first_name: str
    sees_outbox: bool
    sees_webhooks: bool


@register.simple_tag
def rail_of(member: Member) -> Rail:
    """Two queries."""
    return Rail(
        channels=list(standings_of(member.workspace_id).values()),
        first_name=(member.user.name.split() or [""])[0],
        sees_outbox=member.may(Permission.SEE_OUTBOX),
        sees_webhooks=member.may(Permission.SEE_WEBHOOK_LOG),
    )


@register.simple_tag
def mark_href() -> str:
    return f"{static('icons.svg')}#mark"
