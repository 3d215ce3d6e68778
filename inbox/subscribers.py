"""What the inbox hears after a commit, and passes on to open browsers."""

from channels_app.events import ChannelChanged, ChannelStatusChanged
from inbox.events import ChatChanged, CustomerPresence, Mentioned, MessagesChanged, NotesChanged
from inbox.realtime.notifier import notifier
from inbox.realtime.pokes import Poke
from kernel.events import Moment, subscribe
from outbox.events import LaneHeld, LaneResumed
from workspaces.events import MemberRemoved, RoleChanged


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


def listen() -> None:
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
    ):
        subscribe(event_type, handler, Moment.AFTER_COMMIT)
