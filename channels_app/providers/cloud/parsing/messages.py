"""Customers' messages, and what customers do to messages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from channels_app.providers.base import (
    Ignored,
    Inbound,
    InboundChat,
    InboundEdit,
    InboundMessage,
    InboundReaction,
    InboundRevoke,
)
from channels_app.providers.cloud import limits
from channels_app.providers.cloud.parsing.contents import content_of, text_of
from channels_app.providers.cloud.parsing.people import Place, group, identities_of, name_of, person
from channels_app.providers.reading import Malformed, mapping, message_id, moment, storable, text


def message_values(item: Any, place: Place) -> Iterable[Inbound]:
    """A message, or what an edit, a revoke, a reaction says about another one. Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("A message is not an object.")
    sender = person(item.get("from"), item.get("from_user_id"))
    chat_id = group(item.get("group_id")) or sender
    if not sender or not chat_id:
        raise Malformed("A message names nobody who wrote it.")
    kind = text(item, "type", 40)
    if kind == "request_welcome":
        return [Ignored("The customer opened the chat for the first time and wrote nothing yet.")]
    name = name_of(place, item.get("from"), item.get("from_user_id"))
    if kind in DEEDS:
        return DEEDS[kind](item, chat_id, sender, name)
    message = message_of(item, kind, chat_id, sender_wa_id=sender, sender_name=name)
    return [message, *identities_of(item.get("from"), item.get("from_user_id"))]


def message_of(item: dict[str, Any], kind: str, chat_id: str, **more: Any) -> InboundMessage:
    """A message object as one value; `more` says who wrote it. Raises Malformed."""
    wa_message_id, at = message_id(item, "id"), moment(item)
    if not wa_message_id:
        raise Malformed("A message has no usable id.")
    if at is None:
        raise Malformed("A message has no usable time.")
    context = mapping(item, "context")
    content = content_of(item, kind)
    return InboundMessage(
        wa_message_id=wa_message_id,
        wa_chat_id=chat_id,
        at=at,
        from_me=more.pop("from_me", False),
        quoted_wa_id=message_id(context, "id"),
        extra={**content.pop("extra", {}), **_circumstances(item, context)},
        **content,
        **more,
    )


def _circumstances(item: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Forwarded, an advertisement that the chat began with, a product that is asked about."""
    found: dict[str, Any] = {}
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        found["forwarded"] = True
    if mapping(item, "referral"):
        found["referral"] = storable(mapping(item, "referral"))
    if mapping(context, "referred_product"):
        found["product"] = storable(mapping(context, "referred_product"))
    return found


def _reaction(item: dict[str, Any], chat_id: str, sender: str, name: str) -> Iterable[Inbound]:
    """Without an emoji, or with an empty one, the reaction is taken back. A reaction opens the writing window."""
    content, at = mapping(item, "reaction"), moment(item)
    target = message_id(content, "message_id")
    if not target:
        raise Malformed("A reaction names no message.")
    reaction = InboundReaction(
        target_wa_id=target,
        wa_chat_id=chat_id,
        by_wa_id=sender,
        by_name=name,
        emoji=text(content, "emoji", 32),
        at=at,
        event_wa_id=message_id(item, "id"),
    )
    return [reaction, *window_from(chat_id, at)]


def _edit(item: dict[str, Any], chat_id: str, sender: str, name: str) -> Iterable[Inbound]:
    return [edit_of(item, chat_id)]


def edit_of(item: dict[str, Any], chat_id: str) -> InboundEdit:
    """Raises Malformed."""
    content = mapping(item, "edit")
    target = message_id(content, "original_message_id")
    if not target:
        raise Malformed("An edit names no message.")
    return InboundEdit(target, chat_id, text_of(mapping(content, "message")), moment(item))


def _revoke(item: dict[str, Any], chat_id: str, sender: str, name: str) -> Iterable[Inbound]:
    return [revoke_of(item, chat_id, sender)]


def revoke_of(item: dict[str, Any], chat_id: str, by: str) -> InboundRevoke:
    """Raises Malformed."""
    target = message_id(mapping(item, "revoke"), "original_message_id")
    if not target:
        raise Malformed("A revoke names no message.")
    return InboundRevoke(target_wa_id=target, wa_chat_id=chat_id, by_wa_id=by, at=moment(item))


def window_from(chat_id: str, at: datetime | None) -> list[Inbound]:
    """What a customer's deed that is no message does to the time in which anything may be written."""
    if at is None or chat_id.endswith("@g.us"):
        return []
    return [InboundChat(chat_id, window_expires_at=at + limits.WRITING_WINDOW)]


DEEDS = {"reaction": _reaction, "edit": _edit, "revoke": _revoke}
