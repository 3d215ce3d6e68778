"""What happened at a provider, and what it tells about it: drawn at random."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from channels_app.providers.base import (
    InboundEdit,
    InboundGroup,
    InboundMessage,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
    InboundVote,
)

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
CARLA, OTTO = "15550100111@s.whatsapp.net", "15550100112@s.whatsapp.net"
GROUP = "120363000000000001@g.us"
CHATS = (CARLA, GROUP)


@dataclass(frozen=True)
class Response:
    """The provider's answer to our send: it happens once, before or after anything else."""

    wa_message_id: str
    wa_chat_id: str


@dataclass(frozen=True)
class Send:
    """A message of ours whose attempt is open when the history begins."""

    wa_message_id: str
    wa_chat_id: str
    text: str


def our_id(chat: str) -> str:
    return f"ours-{chat[:5]}"


moments = st.integers(0, 5).map(lambda seconds: START + timedelta(seconds=seconds))
sometimes = st.one_of(st.none(), moments)


@st.composite
def histories(draw):
    """What happened: the values a provider sends about it, each once, and our own sends among it."""
    values = []
    ids = [f"m{number}" for number in range(draw(st.integers(1, 4)))]
    for wa_id in ids:
        chat = draw(st.sampled_from(CHATS))
        from_me = draw(st.booleans())
        author = CARLA if chat == CARLA else draw(st.sampled_from([CARLA, OTTO]))
        at = draw(moments)
        values.append(
            InboundMessage(
                wa_message_id=wa_id,
                wa_chat_id=chat,
                from_me=from_me,
                sender_wa_id="15550100100@s.whatsapp.net" if from_me else author,
                at=at,
                type="text",
                text=draw(st.sampled_from(["one", "two"])),
                sender_name="" if from_me else draw(st.sampled_from(["Carla", "C.", ""])),
                chat_name=f"Team {at.second}" if chat == GROUP else "",
                source="mobile",
                status=draw(st.sampled_from(["", "pending", "sent", "delivered", "failed"])) if from_me else "",
                quoted_wa_id=draw(st.sampled_from(["", *ids, *(our_id(each) for each in CHATS)])),
            )
        )
    sends = [Send(our_id(chat), chat, "ours") for chat in CHATS if draw(st.booleans())]
    for send in sends:
        told = draw(st.sampled_from(["echo", "response", "both"]))
        if told != "response":
            values.append(echo_of(send, draw(moments)))
        if told != "echo":
            values.append(Response(send.wa_message_id, send.wa_chat_id))
    targets = st.sampled_from([*ids, *(send.wa_message_id for send in sends), "never-comes"])
    values += draw(st.lists(facts(targets), max_size=12))
    values += [
        InboundGroup(GROUP, name=draw(st.sampled_from(["Old", "New"])), name_at=at)
        for at in draw(st.lists(sometimes, max_size=2))
    ]
    return sends, values


def facts(targets):
    people = st.sampled_from([CARLA, OTTO])
    return st.one_of(
        st.builds(
            InboundStatus,
            wa_message_id=targets,
            status=st.sampled_from(["pending", "sent", "delivered", "read", "played", "failed", "deleted"]),
            at=sometimes,
            wa_chat_id=st.just(CARLA),
            viewer_wa_id=st.sampled_from(["", OTTO]),
            error_code=st.sampled_from(["", "131"]),
        ),
        st.builds(
            InboundEdit,
            target_wa_id=targets,
            wa_chat_id=st.just(CARLA),
            text=st.sampled_from(["one", "edited", "again"]),
            at=sometimes,
        ),
        st.builds(InboundRevoke, target_wa_id=targets, wa_chat_id=st.just(CARLA), by_wa_id=people, at=sometimes),
        st.builds(
            InboundReaction,
            target_wa_id=targets,
            wa_chat_id=st.just(CARLA),
            by_wa_id=people,
            by_name=st.just(""),
            emoji=st.sampled_from(["👍", "❤️", ""]),
            at=sometimes,
            event_wa_id=st.sampled_from(["", "e1", "e2"]),
            from_me=st.booleans(),
        ),
        st.builds(
            InboundVote,
            target_wa_id=targets,
            wa_chat_id=st.just(CARLA),
            by_wa_id=people,
            options=st.sampled_from([(), ("red",), ("red", "blue")]),
            at=sometimes,
        ),
    )


def echo_of(send: Send, at: datetime) -> InboundMessage:
    return InboundMessage(
        wa_message_id=send.wa_message_id,
        wa_chat_id=send.wa_chat_id,
        from_me=True,
        sender_wa_id="15550100100@s.whatsapp.net",
        at=at,
        type="text",
        text=send.text,
        source="api",
        status="pending",
    )
