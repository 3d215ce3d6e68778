"""How far a workspace is on the way to its first message: read from what is there, never from a mark."""

import uuid
from dataclasses import dataclass

from channels_app.models import Channel
from channels_app.states import LINKING, SENDS
from inbox.selectors.standings import Standing
from workspaces.models import Member
from workspaces.roles import Permission
from workspaces.selectors.people import any_teammate, open_invitations_of


@dataclass(frozen=True)
class FirstSteps:
    """What is done; `number` is one that is to be connected. `next` is the first step that is left, 1 to 4."""

    added: bool
    connected: bool
    written: bool
    invited: bool
    number: Standing | None
    closed: bool

    @property
    def linking(self) -> bool:
        return self.number is not None and self.number.status in LINKING

    @property
    def done(self) -> int:
        return sum((self.added, self.connected, self.written, self.invited))

    @property
    def next(self) -> int:
        return (self.added, self.connected, self.written, self.invited, False).index(False) + 1


def first_steps(member: Member, standings: dict[uuid.UUID, Standing]) -> FirstSteps | None:
    """For who may go them, while one is left; else None. Three short queries at most.

    A number that has sent a message was connected, also when it is not at this moment.
    """
    if not (member.may(Permission.MANAGE_CHANNELS) and member.may(Permission.MANAGE_MEMBERS)):
        return None
    sent = Channel.objects.living().filter(workspace_id=member.workspace_id, last_acknowledged_at__isnull=False)
    written = sent.exists()
    waiting = [one for one in standings.values() if one.status not in SENDS]
    steps = FirstSteps(
        added=bool(standings),
        connected=written or len(waiting) < len(standings),
        written=written,
        invited=any_teammate(member) or open_invitations_of(member.workspace).exists(),
        number=waiting[0] if waiting else None,
        closed=member.steps_closed_at is not None,
    )
    return steps if steps.done < 4 else None
