"""What belongs to a chat beside its messages: files that were shared in it, other chats with the same person."""

from inbox.models import Attachment, Chat, Message
from inbox.policy import INLINE_TYPES, bare_mime_type
from inbox.selectors.chat_list import title_of
from inbox.states import AttachmentState
from workspaces.access import Actor

LOOKED_AT = 2000
"""Messages, the newest ones, among which files are looked for: the work stays the same for any length of the chat."""

SHOWN = 24
PICTURES = ("image", "video")
CHATS_BESIDE = 10


def files_shared(chat: Chat) -> tuple[list[Attachment], list[Attachment]]:
    """(pictures and videos that a browser can show, other files), the newest first, 24 of each at most. One query."""
    newest = Message.objects.filter(chat=chat, deleted_at__isnull=True).order_by("-sort_at", "-id")[:LOOKED_AT]
    found = Attachment.objects.filter(message__in=newest.values("pk"), state=AttachmentState.READY)
    media, files = [], []
    for one in found.exclude(kind__in=["sticker", "voice"]).order_by("-id")[: SHOWN * 4]:
        shown = one.kind in PICTURES and bare_mime_type(one.mime_type) in INLINE_TYPES
        (media if shown else files).append(one)
    return media[:SHOWN], files[:SHOWN]


def chats_beside(actor: Actor, chat: Chat) -> list[tuple[Chat, str]]:
    """(chat, title) of the other chats with the same contact, on other channels or under another id. One query."""
    if chat.contact_id is None:
        return []
    others = Chat.objects.visible_to(actor).filter(contact_id=chat.contact_id).exclude(pk=chat.pk)
    newest = others.select_related("channel", "contact").order_by("-last_message_at")[:CHATS_BESIDE]
    return [(one, title_of(one)) for one in newest]
