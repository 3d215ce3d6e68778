"""The rail beside every page: its places, and the numbers with their health."""

from dataclasses import dataclass

from django import template
from django.template import Context
from django.templatetags.static import static

from inbox.selectors.standings import Standing, standings_seen_by
from workspaces.models import Member
from workspaces.roles import Permission

register = template.Library()


@dataclass(frozen=True)
class Rail:
    channels: list[Standing]
    first_name: str
    sees_outbox: bool
    sees_webhooks: bool


@register.simple_tag(takes_context=True)
def rail_of(context: Context, member: Member) -> Rail:
    """Two queries, none on a page that has the standings already."""
    standings = context.get("standings") or standings_seen_by(member)
    return Rail(
        channels=list(standings.values()),
        first_name=(member.user.name.split() or [""])[0],
        sees_outbox=member.may(Permission.SEE_OUTBOX),
        sees_webhooks=member.may(Permission.SEE_WEBHOOK_LOG),
    )


@register.simple_tag
def mark_href() -> str:
    return f"{static('icons.svg')}#mark"
