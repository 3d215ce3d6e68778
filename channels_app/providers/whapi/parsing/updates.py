"""messages.patch and messages.delete: what changed in a message that exists already."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from channels_app.providers.base import Ignored, Inbound, InboundEdit, InboundRevoke
from channels_app.providers.whapi.parsing import reading
from channels_app.providers.whapi.parsing.actions import action_values, edited_text, votes_of
from channels_app.providers.whapi.parsing.reading import Malformed, mapping, moment, text

TEXT_CHANGES = {"text", "body", "caption", "link_preview", "edited", "edit"}


def update_values(item: Any) -> Iterable[Inbound]:
    """An update with the message before and after, and sometimes the action that triggered it. Raises Malformed.

    The trigger says who and when; without it only the new text and the poll's results can be used, because lists of
    reactions do not name their authors.
    """
    if not isinstance(item, dict):
        raise Malformed("An update of a message is not an object.")
    before, after, trigger = mapping(item, "before_update"), mapping(item, "after_update"), mapping(item, "trigger")
    target = reading.message_id(item, "id") or reading.message_id(after, "id")
    chat_id = reading.wa_id(after.get("chat_id") or before.get("chat_id") or trigger.get("chat_id"))
    if not target or not reading.is_conversation(chat_id):
        raise Malformed("An update names no message or no chat.")
    poll = mapping(after, "poll")
    if poll.get("results"):
        return votes_of(target, chat_id, poll, mapping(before, "poll"), moment(trigger) if trigger else None)
    if mapping(trigger, "action"):
        return action_values({**trigger, "action": _targeted(mapping(trigger, "action"), target)}, chat_id)
    return _edit(item, target, chat_id, before, after)


def _targeted(action: dict[str, Any], target: str) -> dict[str, Any]:
    return action if reading.message_id(action, "target") else {**action, "target": target}


def _edit(
    item: dict[str, Any], target: str, chat_id: str, before: dict[str, Any], after: dict[str, Any]
) -> list[Inbound]:
    new, old = _words(after), _words(before)
    changes = {change for change in reading.sequence(item, "changes") if isinstance(change, str)}
    if new and (changes & (TEXT_CHANGES | {text(after, "type", 40)}) or (not changes and new != old)):
        at: datetime | None = moment(after, "edited_at") or moment(item)
        return [InboundEdit(target, chat_id, new, at)]
    return [Ignored("Nothing changed that Waybill shows.")]


def _words(message: dict[str, Any]) -> str:
    return edited_text(mapping(message, text(message, "type", 40)))


def removed_values(item: Any) -> Iterable[Inbound]:
    """A bare message id; its chat is not named."""
    target = reading.message_id({"id": item}, "id")
    if not target:
        raise Malformed("A removed message has no usable id.")
    return [InboundRevoke(target_wa_id=target, wa_chat_id="", by_wa_id="", at=None)]


def cleared_values(item: Any) -> Iterable[Inbound]:
    return [Ignored("A chat was cleared on the phone. Waybill keeps its messages.")]
