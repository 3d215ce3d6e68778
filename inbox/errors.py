"""What the inbox refuses."""

from typing import Any

from kernel.errors import Conflict, Invalid, NotFound


class NoSuchChat(NotFound):
    code = "chat_not_found"
    message = "There is no such chat, or it is not yours."


class NoSuchMessage(NotFound):
    code = "message_not_found"
    message = "There is no such message, or it is not yours."


class EmptyMessage(Invalid):
    code = "empty_message"
    message = "Write something or add a file first."


class MessageTooLong(Invalid):
    code = "message_too_long"
    message = "A message holds at most 65,536 characters. Send it in parts."


class MediaTooLarge(Invalid):
    code = "media_too_large"
    status = 413
    message = "The file is too large to send. Choose a smaller one."


class ChatReadOnly(Conflict):
    code = "chat_read_only"
    message = "Nobody can write in this chat."


class ClientIdReused(Conflict):
    code = "client_id_reused"
    message = "This client_id was already used for a different message. Make a new one."


class ChatMovedOn(Conflict):
    """Somebody else wrote since `seen`. `newest` is the latest of those messages."""

    code = "chat_moved_on"
    message = "Somebody wrote here while you typed. Read it first, or send yours all the same."

    def __init__(self, newest: Any) -> None:
        super().__init__()
        self.newest = newest


class NoSuchTime(Invalid):
    code = "no_such_time"
    message = "Choose a time between one minute and one year from now."


class NoSuchNote(NotFound):
    code = "note_not_found"
    message = "There is no such note, or it is not yours."


class NotPossibleNow(Conflict):
    code = "not_possible_now"
    message = "The message is not in a state that allows this."


class NoSuchLabel(NotFound):
    code = "label_not_found"
    message = "There is no such label in this workspace."


class NoSuchQuickReply(NotFound):
    code = "quick_reply_not_found"
    message = "There is no such quick reply in this workspace."


class NoSuchContact(NotFound):
    code = "contact_not_found"
    message = "There is no such contact, or it is not yours."


class NotAmongTheirIds(Conflict):
    code = "not_among_their_ids"
    message = "This contact has no such other WhatsApp id that could be taken off."


class NoSuchAttachment(NotFound):
    code = "attachment_not_found"
    message = "There is no such file, or it is not yours."


class NumberNotUnderstood(Invalid):
    code = "number_not_understood"
    message = "That is no phone number with a country code, such as +1 555 0100, and no WhatsApp id."


class GroupNotKnown(Invalid):
    code = "group_not_known"
    message = "This group is not known here yet. It appears by itself as soon as somebody writes in it."
