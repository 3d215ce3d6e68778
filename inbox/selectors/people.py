"""Who is in a group, and who of the team can take a chat."""

from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from channels_app.models import ChannelTeam
from inbox.models import Chat, ContactAddress, Participant
from inbox.policy import phone_number_of
from inbox.states import ChatState
from workspaces.models import Member
from workspaces.roles import PERMISSIONS, Permission


@dataclass(frozen=True)
class Person:
    """`name` is the number where nobody knows a name, and "" where there is not even that."""

    wa_id: str
    name: str
    rank: str


def participants_of(chat: Chat, *, limit: int | None = None) -> list[Person]:
    """Those in a group, admins first, by name. Two queries; none for a direct chat."""
    if chat.kind != "group":
        return []
    inside = list(Participant.objects.filter(chat=chat, left=False).order_by("id")[:limit])
    known = ContactAddress.objects.select_related("contact").filter(
        workspace_id=chat.workspace_id, wa_id__in=[one.wa_id for one in inside]
    )
    names = {address.wa_id: address.contact.display_name for address in known}
    people = [Person(one.wa_id, names.get(one.wa_id) or phone_number_of(one.wa_id), one.rank) for one in inside]
    return sorted(people, key=lambda person: (person.rank == "member", person.name.casefold(), person.wa_id))


@dataclass(frozen=True)
class Taker:
    """A member who can be given a chat, and how many open ones they have."""

    member: Member
    open_chats: int


def who_may(permission: Permission) -> list[str]:
    """The roles that have it."""
    return [role for role, allowed in PERMISSIONS.items() if permission in allowed]


def who_sees(chat_channel: object, members: QuerySet[Member]) -> QuerySet[Member]:
    """Those of the members who see the channel: the rule of `hidden_channels`, from the channel's side."""
    teams = ChannelTeam.objects.filter(channel_id=chat_channel).values("team_id")
    if not teams.exists():
        return members
    inside = Q(role__in=who_may(Permission.SEE_EVERY_CHANNEL)) | Q(team_members__team__in=teams)
    return members.filter(inside).distinct()


def takers_of(chat: Chat) -> list[Taker]:
    """The living members who see the chat and may write, by name. Two queries."""
    writers = Member.objects.filter(
        workspace_id=chat.workspace_id, removed_at__isnull=True, role__in=who_may(Permission.WRITE_MESSAGES)
    )
    held = Chat.objects.filter(
        workspace_id=chat.workspace_id, assigned_to=OuterRef("pk"), state=ChatState.OPEN
    ).order_by()
    counted = who_sees(chat.channel_id, writers).annotate(
        held=Coalesce(Subquery(held.values("assigned_to").annotate(n=Count("pk")).values("n")), 0)
    )
    return [Taker(member, member.held) for member in counted.select_related("user").order_by("user__name", "id")]
