"""What is done to a message that exists already: reactions, edits, revokes, votes."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers import reading
from channels_app.providers.base import (
    Ignored,
    Inbound,
    InboundEdit,
    InboundReaction,
    InboundRevoke,
    InboundVote,
)
from channels_app.providers.reading import Malformed, mapping, moment, sequence, text
from channels_app.providers.waha.ids import id_of, key_of
from channels_app.providers.waha.parsing.people import author_of, chat_of
from channels_app.providers.waha.parsing.told import Told


def reaction_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """Raises Malformed."""
    reaction = mapping(item, "reaction")
    target, chat_id = id_of(reaction.get("messageId")), chat_of(item)
    if not target:
        raise Malformed("A reaction names no message.")
    if not reading.is_conversation(chat_id):
        return [Ignored("A reaction to a story.")]
    from_me = item.get("fromMe") is True
    return [
        InboundReaction(
            target_wa_id=target,
            wa_chat_id=chat_id,
            by_wa_id=author_of(item, chat_id, around.own_wa_id),
            by_name="",
            emoji=text(reaction, "text", 32),
            at=moment(item) or around.at,
            event_wa_id=id_of(item.get("id")),
            from_me=from_me,
        )
    ]


def edit_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """The event's own id is that of the edit; older versions name the edited message by it. Raises Malformed."""
    target = id_of(item.get("editedMessageId")) or id_of(item.get("id"))
    if not target:
        raise Malformed("An edit names no message.")
    return [InboundEdit(target, chat_of(item), text(item, "body"), moment(item) or around.at)]


def revoke_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """`after` is the revoke itself, `before` what was revoked, which only some engines know. Raises Malformed."""
    before, after = mapping(item, "before"), mapping(item, "after")
    target = id_of(item.get("revokedMessageId")) or id_of(before.get("id")) or id_of(after.get("id"))
    if not target:
        raise Malformed("A revoke names no message.")
    said = after or before
    chat_id = chat_of(said)
    return [
        InboundRevoke(
            target_wa_id=target,
            wa_chat_id=chat_id,
            by_wa_id=author_of(said, chat_id, around.own_wa_id),
            at=moment(said) or around.at,
        )
    ]


def vote_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """All options that the voter now has chosen. Raises Malformed."""
    vote, poll = mapping(item, "vote"), key_of(mapping(item, "poll").get("id"))
    if poll is None:
        raise Malformed("A vote names no poll.")
    with_raw = {**vote, "_data": mapping(item, "_data")}
    chat_id = chat_of(with_raw) or poll.chat
    voter = author_of(with_raw, chat_id, around.own_wa_id)
    if not voter:
        raise Malformed("A vote does not say who voted.")
    options = tuple(option[:500] for option in sequence(vote, "selectedOptions")[:100] if isinstance(option, str))
    return [InboundVote(poll.id, chat_id, voter, options, moment(vote) or around.at)]
