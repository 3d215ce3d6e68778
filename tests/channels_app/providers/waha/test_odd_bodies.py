"""Whatever comes is read, or refused with a reason."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.channels_app.providers.test_conformance import JSON, assert_parses_or_says_why, places
from tests.channels_app.providers.waha.bodies import DANA, GROUP, LID, SHOP, body, gows, message

CARD = "BEGIN:VCARD\nFN:Lena\nTEL;waid=15550100250:+1 555\nEND:VCARD"
MEDIA = {"url": "http://localhost:3000/api/files/shop/a.png", "mimetype": "image/png", "filename": "a.png"}
CONTEXT = {"stanzaId": "3EB0BB", "participant": DANA, "mentionedJid": [SHOP], "isForwarded": True}
NOWEB = {"key": {"remoteJid": LID, "remoteJidAlt": DANA, "participantAlt": DANA, "id": "3EB0AA"}, "pushName": "Dana"}
ODD_BODIES = [
    ("message.any", message(hasMedia=True, media=MEDIA, _data={**NOWEB, "message": {"imageMessage": {"seconds": 1}}})),
    (
        "message.any",
        message(_data={**NOWEB, "message": {"extendedTextMessage": {"text": "a", "contextInfo": CONTEXT}}}),
    ),
    ("message.any", message(body=None, vCards=[CARD], location={"latitude": "1", "longitude": 2})),
    ("message.any", message(_data={"type": "poll_creation", "pollName": "?", "pollOptions": [{"name": "a"}]})),
    ("message.any", message(_data={"message": {"viewOnceMessageV2": {"message": {"audioMessage": {"ptt": True}}}}})),
    ("message.any", message(id={"_serialized": "false_15550100201@c.us_3EB0AA"}, _data={"type": "ptt"}, hasMedia=True)),
    ("message.any", gows("listResponseMessage", {"title": "a", "singleSelectReply": {"selectedRowId": "1"}})),
    ("message.any", gows("pollCreationMessage", {"name": "?", "options": [{"optionName": "a"}]})),
    (
        "message.ack.group",
        {"id": f"true_{GROUP}_3EB0AA_15550100100@c.us", "ack": -1, "error": {"code": "463", "until": "x"}},
    ),
    ("group.v2.join", {"group": {"id": {"_serialized": GROUP}, "groupMetadata": {"participants": [{"id": DANA}]}}}),
    ("group.v2.update", {"group": {"JID": GROUP, "Participants": [{"JID": DANA}]}, "_data": {"Announce": {}}}),
    (
        "session.status",
        {"name": "shop", "status": "FAILED", "statuses": [{"status": "WORKING"}], "data": {"code": "x"}},
    ),
    (
        "poll.vote",
        {"vote": {"from": DANA, "selectedOptions": ["a"], "timestamp": 1}, "poll": {"id": "true_1@c.us_3EB0"}},
    ),
    ("presence.update", {"id": DANA, "presences": [{"participant": DANA, "lastKnownPresence": "typing"}]}),
]


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_body_of_any_engine_with_one_value_replaced_is_read_or_refused_with_a_reason(data):
    event, payload = data.draw(st.sampled_from(ODD_BODIES))
    envelope = json.loads(body(event, payload))
    *path, last = data.draw(st.sampled_from([place for place in places(envelope) if place]))
    target = envelope
    for key in path:
        target = target[key]
    target[last] = data.draw(st.sampled_from(["a\x00b", "a\ud800b", {}, [], None, -1, 1e300, "x" * 100_000]) | JSON)
    assert_parses_or_says_why("waha", "POST", "", json.dumps(envelope).encode())
