"""Messages, from the customer and from our own number."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers import reading
from channels_app.providers.base import Ignored, Inbound, InboundMessage
from channels_app.providers.reading import Malformed, mapping, moment, text
from channels_app.providers.waha.ids import id_of, reference_of
from channels_app.providers.waha.parsing.content import content_of, quoted_id
from channels_app.providers.waha.parsing.people import author_of, chat_of, identities_of
from channels_app.providers.waha.parsing.reports import ACK_STATUS, ack_of
from channels_app.providers.waha.parsing.told import UNTOLD, Told

NOT_A_CHAT = "Stories, broadcasts and newsletters are not chats of a team."


def message_values(item: dict[str, Any], around: Told = UNTOLD) -> Iterable[Inbound]:
    """Raises Malformed."""
    chat_id = chat_of(item)
    if not chat_id:
        raise Malformed("A message names no chat.")
    if not reading.is_conversation(chat_id):
        return [Ignored(NOT_A_CHAT)]
    message_id, at = id_of(item.get("id")), moment(item)
    if not message_id:
        raise Malformed("A message has no usable id.")
    if at is None:
        raise Malformed("A message has no usable time.")
    content = content_of(item)
    if content is None:
        return [Ignored("A notice of WhatsApp's own, not a message of anybody.")]
    from_me = item.get("fromMe") is True
    return [
        InboundMessage(
            wa_message_id=message_id,
            wa_chat_id=chat_id,
            from_me=from_me,
            sender_wa_id=author_of(item, chat_id, around.own_wa_id),
            at=at,
            sender_name="" if from_me else _push_name(item),
            source=text(item, "source", 16),
            status=ACK_STATUS.get(ack_of(item), "") if from_me else "",
            quoted_wa_id=quoted_id(item),
            client_reference=reference_of(message_id) if from_me else "",
            **content,
        ),
        *identities_of(item),
    ]


def _push_name(item: dict[str, Any]) -> str:
    """As each engine writes it: GOWS, NOWEB, WEBJS."""
    raw = mapping(item, "_data")
    return (
        reading.name(mapping(raw, "Info"), "PushName")
        or reading.name(raw, "pushName")
        or reading.name(raw, "notifyName")
    )
