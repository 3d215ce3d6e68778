"""Round robin: unassigned chats in which a customer waits go to those who are there, in turn, up to a capacity."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from channels_app.models import ChannelTeam
from inbox.models import AssignmentRule, AssignmentTurn, Chat
from inbox.selectors.people import who_may
from inbox.services.sending import publish_chat
from inbox.states import ChatState
from kernel.clock import now
from kernel.errors import Invalid
from kernel.kept import Kept
from workspaces.access import Actor, require
from workspaces.models import Member, TeamMember
from workspaces.roles import Permission
from workspaces.services.auditing import record

CAPACITY_MAX = 500
GIVEN_AT_ONCE = 500
RULE_KEPT_SECONDS = 2.0
"""How long a process goes on using what it knows of a rule, so that workspaces without one cost ingestion nothing."""

# Waiting longest first. A chat without messages, of old ones only, or in which one of us spoke last, waits for nobody;
# what Waybill itself said outside the hours is no answer.
_WAITING = """
SELECT c.id, c.channel_id FROM inbox_chat c JOIN inbox_message m ON m.id = c.last_message_id
WHERE c.workspace_id = %s AND c.assigned_to_id IS NULL AND c.state = 'open'
  AND (m.direction = 'inbound' AND m.source <> 'history' OR m.source = 'waybill' AND m.sender_member_id IS NULL)
ORDER BY c.last_message_at, c.id LIMIT %s
FOR NO KEY UPDATE OF c SKIP LOCKED
"""


def set_rule(*, actor: Actor, round_robin: bool, capacity: int) -> None:
    """How unassigned chats find somebody from now on. Raises Forbidden, Invalid."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    if not 1 <= capacity <= CAPACITY_MAX:
        raise Invalid(
            _("Between 1 and %(most)d open chats.") % {"most": CAPACITY_MAX}, fields={"capacity": ["out of range"]}
        )
    with transaction.atomic():
        rule, _made = AssignmentRule.objects.update_or_create(
            workspace_id=actor.workspace_id, defaults={"round_robin": round_robin, "capacity": capacity}
        )
        details = {"round_robin": round_robin, "capacity": capacity}
        record(actor=actor, deed="assignment_rule.changed", target=rule, details=details)
    _giving_workspaces.forget()
    give_waiting_chats(actor.workspace_id)


def give_waiting_chats(workspace_id: uuid.UUID) -> int:
    """Give as many waiting chats as there is room for; how many. Nothing where there is no rule.

    The rule's row is locked meanwhile: of two that do this at once the second sees what the first gave. Called after
    every commit that may have left a chat waiting or made room, and by the clock for what was lost.
    """
    with transaction.atomic():
        rule = AssignmentRule.objects.select_for_update().filter(workspace_id=workspace_id, round_robin=True).first()
        if rule is None:
            return 0
        turns = _turns(rule)
        if not any(turn.room > 0 for turn in turns):
            return 0
        with connection.cursor() as cursor:
            cursor.execute(_WAITING, [workspace_id, GIVEN_AT_ONCE])
            waiting = cursor.fetchall()
        return _give(rule, turns, waiting) if waiting else 0


def give_everywhere() -> int:
    """The same in every workspace that has the rule; by the clock."""
    return sum(give_waiting_chats(workspace_id) for workspace_id in _giving())


def gives_by_itself(workspace_id: uuid.UUID) -> bool:
    """Whether the workspace has the rule, as of some seconds ago."""
    return workspace_id in _giving_workspaces.get()


def _giving():
    return AssignmentRule.objects.filter(round_robin=True).values_list("workspace_id", flat=True)


_giving_workspaces = Kept(lambda: frozenset(_giving()), seconds=RULE_KEPT_SECONDS)


@dataclass
class _Turn:
    member_id: uuid.UUID
    sees_all: bool
    teams: set[uuid.UUID]
    room: int


def _give(rule: AssignmentRule, turns: list[_Turn], waiting: Collection[tuple[uuid.UUID, uuid.UUID]]) -> int:
    kept = defaultdict(set)
    ties = ChannelTeam.objects.filter(workspace_id=rule.workspace_id)
    for channel_id, team_id in ties.values_list("channel_id", "team_id"):
        kept[channel_id].add(team_id)
    given: dict[uuid.UUID, uuid.UUID] = {}
    for chat_id, channel_id in waiting:
        taker = next((one for one in turns if one.room > 0 and _sees(one, kept[channel_id])), None)
        if taker is None:
            continue
        taker.room -= 1
        turns.remove(taker)
        turns.append(taker)
        given[chat_id] = taker.member_id
    _write(rule.workspace_id, given)
    return len(given)


def _sees(one: _Turn, teams: set[uuid.UUID]) -> bool:
    return not teams or one.sees_all or bool(teams & one.teams)


def _turns(rule: AssignmentRule) -> list[_Turn]:
    """Everybody who is there and may write; whose turn was longest ago comes first. Four queries."""
    members = Member.objects.filter(
        workspace_id=rule.workspace_id,
        removed_at__isnull=True,
        available=True,
        role__in=who_may(Permission.WRITE_MESSAGES),
    )
    last = dict(AssignmentTurn.objects.filter(workspace_id=rule.workspace_id).values_list("member_id", "at"))
    held = Chat.objects.filter(workspace_id=rule.workspace_id, state=ChatState.OPEN, assigned_to__isnull=False)
    counts = dict(held.values_list("assigned_to").annotate(number=Count("pk")).order_by())
    teams = defaultdict(set)
    for member_id, team_id in TeamMember.objects.filter(workspace_id=rule.workspace_id).values_list("member", "team"):
        teams[member_id].add(team_id)
    found = [
        _Turn(
            member_id=member.pk,
            sees_all=member.may(Permission.SEE_EVERY_CHANNEL),
            teams=teams[member.pk],
            room=rule.capacity - counts.get(member.pk, 0),
        )
        for member in members
    ]
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: (last.get(one.member_id, never), one.member_id))


def _write(workspace_id: uuid.UUID, given: dict[uuid.UUID, uuid.UUID]) -> None:
    for chat in Chat.objects.filter(pk__in=given).order_by("pk"):
        Chat.objects.filter(pk=chat.pk).update(assigned_to=given[chat.pk])
        publish_chat(chat)
    moment = now()
    for place, member_id in enumerate(dict.fromkeys(given.values())):
        AssignmentTurn.objects.update_or_create(
            member_id=member_id,
            defaults={"workspace_id": workspace_id, "at": moment + timedelta(microseconds=place)},
        )
