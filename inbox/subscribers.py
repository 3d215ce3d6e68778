"""What the inbox hears: facts that change its rows, in the same transaction, and facts for open browsers, after it."""

from collections.abc import Sequence

from channels_app.events import (
    ChannelAudienceChanged,
    ChannelChanged,
    ChannelStatusChanged,
    FormerChatsArchived,
    GroupsListed,
)
from inbox.events import ChatChanged, CustomerPresence, Mentioned, MessagesChanged, NotesChanged
from inbox.realtime.notifier import notifier
from inbox.realtime.pokes import Poke
from inbox.services.archiving import archive_chats_of
from inbox.services.being_away import answer_outside_hours, answers_by_itself
from inbox.services.giving import give_waiting_chats, gives_by_itself
from inbox.services.ingesting import apply_groups
from inbox.services.recovering import look_after_reconnect
from kernel.events import Moment, subscribe
from outbox.events import LaneHeld, LaneResumed
from workspaces.events import AvailabilityChanged, MemberRemoved, RoleChanged, TeamChanged


def messages_changed(event: MessagesChanged) -> None:
    notifier.tell(Poke("messages", event.workspace_id, event.chat_id, event.message_ids, event.removed))


def notes_changed(event: NotesChanged) -> None:
    notifier.tell(Poke("notes", event.workspace_id, event.chat_id, event.note_ids))


def mentioned(event: Mentioned) -> None:
    for member_id in event.member_ids:
        notifier.tell(Poke("mention", event.workspace_id, member_id, detail=f"{event.chat_id} {event.note_id}"))


def chat_changed(event: ChatChanged) -> None:
    notifier.tell(Poke("chat", event.workspace_id, event.chat_id))


def customer_present(event: CustomerPresence) -> None:
    notifier.tell(Poke("presence", event.workspace_id, event.chat_id, detail=event.status))


def channel_changed(event: ChannelStatusChanged | ChannelChanged) -> None:
    notifier.tell(Poke("channel", event.workspace_id, event.channel_id))


def lane_changed(event: LaneHeld | LaneResumed) -> None:
    """A channel's lane has the channel's id."""
    notifier.tell(Poke("channel", event.workspace_id, event.lane_id))


def member_removed(event: MemberRemoved) -> None:
    notifier.tell(Poke("member", event.workspace_id, event.member_id, detail="removed"))


def role_changed(event: RoleChanged) -> None:
    notifier.tell(Poke("member", event.workspace_id, event.member_id, detail="role"))


def former_chats_archived(event: FormerChatsArchived) -> None:
    archive_chats_of(channel_id=event.channel_id, workspace_id=event.workspace_id)


def groups_listed(event: GroupsListed) -> None:
    apply_groups(channel_id=event.channel_id, groups=event.groups, whole_at=event.whole_at)


def audience_changed(event: TeamChanged | ChannelAudienceChanged) -> None:
    """Members see other channels than before: every socket of the workspace looks again."""
    notifier.tell(Poke("access", event.workspace_id, event.workspace_id))


def customers_wrote(events: Sequence[MessagesChanged]) -> None:
    """They may have to be told that nobody is there. A message that moves its chat is told as ChatChanged too."""
    if unanswered := [event.chat_id for event in events if event.created and answers_by_itself(event.channel_id)]:
        answer_outside_hours(unanswered)


def turns_changed(events: Sequence[ChatChanged | AvailabilityChanged]) -> None:
    """A customer wrote, a chat was finished, given back or opened again, or somebody is there again: whoever waits may
    have their turn."""
    for workspace_id in {event.workspace_id for event in events}:
        if gives_by_itself(workspace_id):
            give_waiting_chats(workspace_id)


def channel_moved(event: ChannelStatusChanged) -> None:
    look_after_reconnect(channel_id=event.channel_id, old=event.old, new=event.new)


def listen() -> None:
    subscribe(ChannelStatusChanged, channel_moved, Moment.SAME_TRANSACTION)
    subscribe(FormerChatsArchived, former_chats_archived, Moment.SAME_TRANSACTION)
    subscribe(GroupsListed, groups_listed, Moment.SAME_TRANSACTION)
    for event_type, handler in (
        (MessagesChanged, messages_changed),
        (NotesChanged, notes_changed),
        (Mentioned, mentioned),
        (ChatChanged, chat_changed),
        (CustomerPresence, customer_present),
        (ChannelStatusChanged, channel_changed),
        (ChannelChanged, channel_changed),
        (LaneHeld, lane_changed),
        (LaneResumed, lane_changed),
        (MemberRemoved, member_removed),
        (RoleChanged, role_changed),
        (TeamChanged, audience_changed),
        (ChannelAudienceChanged, audience_changed),
    ):
        subscribe(event_type, handler, Moment.AFTER_COMMIT)
    subscribe(MessagesChanged, customers_wrote, Moment.AFTER_COMMIT_TOGETHER)
    subscribe(ChatChanged, turns_changed, Moment.AFTER_COMMIT_TOGETHER)
    subscribe(AvailabilityChanged, turns_changed, Moment.AFTER_COMMIT_TOGETHER)
