"""Every published sample of Whapi is read to the right values."""

import json
import os
from pathlib import Path

import pytest

from channels_app.providers.base import (
    Ignored,
    InboundConnection,
    InboundContact,
    InboundEdit,
    InboundGroup,
    InboundMessage,
    InboundParticipants,
    InboundPresence,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
)
from channels_app.providers.whapi.parsing import parse

SAMPLES = os.environ.get("WHAPI_SAMPLES", "")
WITHOUT_SAMPLES = (
    "WHAPI_SAMPLES is not set, so published payloads were NOT read. Save bodies of Whapi's webhooks (its help desk "
    "shows one of each kind) as webhook-<type>-<method>-*.json into a folder and set WHAPI_SAMPLES to its path."
)
EXPECTED = {
    "calls-post": InboundMessage,
    "channel-patch": InboundConnection,
    "channel-post": InboundConnection,
    "chats": Ignored,
    "contacts-post": InboundContact,
    "groups-patch": InboundGroup,
    "groups-post": InboundGroup,
    "groups-put": InboundParticipants,
    "labels-post": Ignored,
    "messages-delete-all": Ignored,
    "messages-delete.": InboundRevoke,
    "messages-patch-edit": InboundEdit,
    "messages-post-action-edit": InboundEdit,
    "messages-post-action-reaction": InboundReaction,
    "messages-post": InboundMessage,
    "presences-post": InboundPresence,
    "statuses-post": InboundStatus,
    "users": InboundConnection,
}


@pytest.mark.skipif(not SAMPLES, reason=WITHOUT_SAMPLES)
def test_every_published_sample_is_read_to_the_right_values():
    samples = sorted(Path(SAMPLES).glob("webhook-*.json")) if SAMPLES else []
    assert samples, f"There are no webhook-*.json files in {SAMPLES}."
    for sample in samples:
        name = sample.name.removeprefix("webhook-").removeprefix("methodmode-")
        data = sample.read_bytes()
        type_, method = name.removesuffix(".json").split(".")[0].split("-")[:2]
        by_name = (type_, method if method in ("post", "put", "patch", "delete") else "")
        parsed = parse(
            method=by_name[1].upper() or "POST", suffix=type_ if "methodmode" in sample.name else "", body=data
        )
        assert parsed.kind == ".".join(by_name), sample.name
        wanted = next(kind for start, kind in EXPECTED.items() if name.startswith(start))
        assert [type(value) for value in parsed.values] == [wanted], sample.name
        if wanted is InboundMessage:
            _same_as_the_sample(parsed.values[0], next(iter(json.loads(data).values()))[0], sample.name)


def _same_as_the_sample(value: InboundMessage, original: dict, name: str) -> None:
    assert value.wa_message_id == original["id"], name
    assert value.wa_chat_id == original["chat_id"], name
    assert value.sender_wa_id.split("@")[0] == original["from"].split("@")[0], name
    assert value.type != "unsupported", name
    content = original.get(original.get("type"), {})
    words = content.get("body") or content.get("caption")
    if words:
        assert value.text == words, name
    if "mime_type" in content:
        assert (value.media.provider_media_id, value.media.size) == (content["id"], content["file_size"]), name
