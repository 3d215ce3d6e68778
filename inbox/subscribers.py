"""What the inbox hears after a commit, and passes on to open browsers."""

from channels_app.events import ChannelStatusChanged
from inbox.events import ChatChanged, CustomerPresence, MessagesChanged
from inbox.realtime.notifier import notifier
from inbox.realtime.pokes import Poke
from kernel.events import Moment, subscribe
from outbox.events import LaneHeld, LaneResumed
from workspaces.events import MemberRemoved, RoleChanged


def messages_changed(event: MessagesChanged) -> None:
    notifier.tell(Poke("messages", event.workspace_id, event.chat_id, event.message_ids, event.removed))


def chat_changed(event: ChatChanged) -> None:
    notifier.tell(Poke("chat", event.workspace_id, event.chat_id))


def customer_present(event: CustomerPresence) -> None:
    notifier.tell(Poke("presence", event.workspace_id, event.chat_id, detail=event.status))


def channel_changed(event: ChannelStatusChanged) -> None:
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
        (ChatChanged, chat_changed),
        (CustomerPresence, customer_present),
        (ChannelStatusChanged, channel_changed),
        (LaneHeld, lane_changed),
        (LaneResumed, lane_changed),
        (MemberRemoved, member_removed),
        (RoleChanged, role_changed),
    ):
        subscribe(event_type, handler, Moment.AFTER_COMMIT)
