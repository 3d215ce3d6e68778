"""Action messages (reaction, revoke, edit, vote, comment): they change another message and are none of their own."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers.base import (
    Ignored,
    Inbound,
    InboundEdit,
    InboundMessage,
    InboundReaction,
    InboundRevoke,
    InboundVote,
)
from channels_app.providers.whapi.parsing import reading
from channels_app.providers.whapi.parsing.reading import Malformed, mapping, moment, sequence, text

WITHOUT_EFFECT = {
    "ephemeral": "The time after which messages disappear was changed.",
    "event_response": "An answer to a calendar event is not shown in Waybill.",
    "pin": "A message was pinned on the phone.",
    "unpin": "A message was unpinned on the phone.",
}


def action_values(item: dict[str, Any], chat_id: str) -> Iterable[Inbound]:
    """What an action message does to its target. Raises Malformed."""
    action = mapping(item, "action")
    kind = text(action, "type", 40)
    if kind in WITHOUT_EFFECT:
        return [Ignored(WITHOUT_EFFECT[kind])]
    target = reading.message_id(action, "target")
    if not target:
        raise Malformed(f"An action of type {kind!r} names no message.")
    at, author = moment(item), _author(item, chat_id)
    if kind == "reaction":
        return [
            InboundReaction(
                target_wa_id=target,
                wa_chat_id=chat_id,
                by_wa_id=author,
                by_name=reading.name(item, "from_name"),
                emoji=text(action, "emoji", 32),
                at=at,
                event_wa_id=reading.message_id(item, "id"),
                from_me=item.get("from_me") is True,
            )
        ]
    if kind == "delete":
        return [InboundRevoke(target_wa_id=target, wa_chat_id=chat_id, by_wa_id=author, at=at)]
    if kind in ("edit", "edited"):
        return [InboundEdit(target, chat_id, edited_text(mapping(action, "edited_content")), at)]
    if kind == "vote":
        options = tuple(option[:500] for option in sequence(action, "votes") if isinstance(option, str))
        return [InboundVote(target, chat_id, author, options, at)]
    if kind == "comment":
        return [_comment(item, chat_id, target, text(action, "comment"))]
    return [Ignored(f"Waybill knows no action {kind!r}.")]


def edited_text(content: dict[str, Any]) -> str:
    """The new text, or the new caption of media."""
    return text(content, "body") or text(content, "caption") or text(content, "text")


def poll_update_values(item: dict[str, Any], chat_id: str) -> Iterable[Inbound]:
    """A vote as a message of its own type; the poll is named by `target`, by the quote, or by the message's own id."""
    content = mapping(item, "poll_update") or mapping(item, "poll")
    target = (
        reading.message_id(content, "target")
        or reading.message_id(content, "id")
        or reading.message_id(mapping(item, "context"), "quoted_id")
        or reading.message_id(item, "id")
    )
    if not target:
        raise Malformed("A vote names no poll.")
    if sequence(content, "results"):
        return votes_of(target, chat_id, content, {}, moment(item))
    options = tuple(
        option[:500] for option in sequence(content, "votes") + sequence(content, "options") if isinstance(option, str)
    )
    author = _author(item, chat_id)
    if not author:
        raise Malformed("A vote does not say who voted.")
    return [InboundVote(target, chat_id, author, options, moment(item))]


def votes_of(target: str, chat_id: str, poll: dict[str, Any], before: dict[str, Any], at: Any) -> list[InboundVote]:
    """All choices of every voter in the results; those who were there before and are no longer chose nothing."""
    chosen: dict[str, list[str]] = {voter: [] for voter in _choices(before)}
    chosen.update(_choices(poll))
    return [InboundVote(target, chat_id, voter, tuple(options), at) for voter, options in chosen.items()]


def _choices(poll: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for result in sequence(poll, "results"):
        if isinstance(result, dict):
            for voter in filter(None, map(reading.wa_id, sequence(result, "voters"))):
                found.setdefault(voter, []).append(text(result, "name", 500))
    return found


def _comment(item: dict[str, Any], chat_id: str, target: str, words: str) -> InboundMessage:
    """Somebody wrote something about a message: for a team that is a reply."""
    at, message_id = moment(item), reading.message_id(item, "id")
    if at is None or not message_id or not words:
        raise Malformed("A comment has no id, time or text.")
    from_me = item.get("from_me") is True
    return InboundMessage(
        wa_message_id=message_id,
        wa_chat_id=chat_id,
        from_me=from_me,
        sender_wa_id=_author(item, chat_id),
        at=at,
        type="text",
        text=words,
        sender_name=reading.name(item, "from_name"),
        source=text(item, "source", 16),
        quoted_wa_id=target,
    )


def _author(item: dict[str, Any], chat_id: str) -> str:
    author = reading.wa_id(item.get("from"))
    if author or item.get("from_me") is True or chat_id.endswith("@g.us"):
        return author
    return chat_id
