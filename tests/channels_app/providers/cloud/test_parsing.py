"""The Cloud API's webhook bodies become the right values, each about the right number."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels_app.providers.base import (
    Ignored,
    InboundChat,
    InboundConnection,
    InboundContact,
    InboundEdit,
    InboundMessage,
    InboundNotice,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
    InboundTemplate,
)
from channels_app.providers.cloud.parsing import parse
from channels_app.providers.errors import Unreadable
from channels_app.states import ChannelStatus

DANA, SHOP = "15550100201@s.whatsapp.net", "15550100100@s.whatsapp.net"
NUMBER, ACCOUNT = "100000000000001", "200000000000001"
AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SECONDS = str(int(AT.timestamp()))


def read(field: str, value: dict, account: str = ACCOUNT):
    change = {"field": field, "value": value}
    entry = {"id": account, "changes": [change]}
    return parse(json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode())


def of_number(**lists) -> dict:
    return {"metadata": {"display_phone_number": "+1 555-010-0100", "phone_number_id": NUMBER}, **lists}


def values(**lists) -> list:
    return list(read("messages", of_number(**lists)).values)


def message(type_: str = "text", content=None, **more) -> dict:
    content = {"body": "Hello"} if content is None and type_ == "text" else content
    inside = {} if content is None else {type_: content}
    return {"from": "15550100201", "id": "wamid.one==", "timestamp": SECONDS, "type": type_, **inside, **more}


def said(type_: str = "text", content=None, **more) -> InboundMessage:
    contacts = [{"profile": {"name": "Dana Demo"}, "wa_id": "15550100201", "user_id": "US.1"}]
    value, *_ = values(messages=[message(type_, content, **more)], contacts=contacts)
    return value


# --- Messages ---


def test_a_text_with_everything_around_it():
    heard = said(context={"id": "wamid.asked==", "forwarded": True}, referral={"source_id": "6"}, from_user_id="US.1")
    assert heard == InboundMessage(
        wa_message_id="wamid.one==",
        wa_chat_id=DANA,
        from_me=False,
        sender_wa_id=DANA,
        at=AT,
        type="text",
        text="Hello",
        sender_name="Dana Demo",
        quoted_wa_id="wamid.asked==",
        extra={"forwarded": True, "referral": {"source_id": "6"}},
    )


@pytest.mark.parametrize(
    ("kind", "content", "type_", "name"),
    [
        ("image", {"id": "4", "mime_type": "image/jpeg", "caption": "Look", "sha256": "x="}, "image", ""),
        ("document", {"id": "4", "mime_type": "application/pdf", "filename": "a.pdf"}, "document", "a.pdf"),
        ("audio", {"id": "4", "mime_type": "audio/ogg; codecs=opus", "voice": True}, "voice", ""),
        ("audio", {"id": "4", "mime_type": "audio/mpeg", "voice": False}, "audio", ""),
        ("voice", {"id": "4", "mime_type": "audio/ogg"}, "voice", ""),
        ("sticker", {"id": "4", "mime_type": "image/webp", "animated": True}, "sticker", ""),
    ],
)
def test_files_are_named_by_id_and_never_by_a_link_that_needs_the_token(kind, content, type_, name):
    heard = said(kind, {**content, "url": "https://lookaside.fbsbx.com/x"})
    assert (heard.type, heard.media.kind, heard.media.provider_media_id) == (type_, type_, "4")
    assert (heard.media.link, heard.media.file_name, heard.text) == ("", name, content.get("caption", ""))


def test_a_file_that_meta_could_not_fetch_says_so():
    heard = said("image", {"mime_type": "image/jpeg"}, errors=[{"code": 131052, "title": "Media download error"}])
    assert heard.media.provider_media_id == ""
    assert heard.extra["raw"]["errors"][0]["code"] == 131052


def test_a_place_at_zero_is_a_place():
    assert said("location", {"latitude": 0.0, "longitude": 0}).location["latitude"] == 0.0
    assert said("location", {"latitude": "x", "longitude": 0}).type == "unsupported"


def test_cards_prefer_the_number_that_whatsapp_knows():
    card = {"name": {"first_name": "Bo"}, "phones": [{"phone": "+1 555", "wa_id": "15550100177"}, {"phone": "+2"}]}
    assert said("contacts", [card]).contacts == [{"name": "Bo", "phones": ["+15550100177", "+2"]}]


@pytest.mark.parametrize(
    ("kind", "content", "button"),
    [
        ("button", {"payload": "c-1", "text": "Yes"}, {"id": "", "title": "Yes", "payload": "c-1"}),
        (
            "interactive",
            {"type": "button_reply", "button_reply": {"id": "y", "title": "Yes"}},
            {"id": "y", "title": "Yes", "payload": ""},
        ),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "r", "title": "Yes", "description": "08:00"}},
            {"id": "r", "title": "Yes", "payload": "08:00"},
        ),
    ],
)
def test_what_customers_tap(kind, content, button):
    heard = said(kind, content)
    assert (heard.type, heard.text, heard.button) == ("interactive", "Yes", button)


@pytest.mark.parametrize("answer", ['{"rating": "4"}', "[1]", "no JSON", "", '{"a": NaN}'])
def test_a_forms_answer_is_kept_whatever_it_is(answer):
    heard = said("interactive", {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": answer}})
    assert (heard.type, heard.text) == ("interactive", "Sent")
    assert heard.extra["raw"]["response"] in ({"rating": "4"}, [1], "no JSON", "", {"a": None})


def test_an_order_is_a_list_for_people_and_whole_in_raw():
    product = {"product_retailer_id": "SKU-1", "quantity": 2, "item_price": 3.5, "currency": "USD"}
    heard = said("order", {"catalog_id": "5", "product_items": [product], "text": "Please"})
    assert heard.text == "Please\n2 × SKU-1 (3.5 USD)"
    assert heard.extra["raw"]["order"]["catalog_id"] == "5"


@pytest.mark.parametrize("kind", ["unsupported", "hologram", "interactive"])
def test_what_is_not_known_is_shown_as_such_and_kept(kind):
    heard = said(kind, {"type": "poll"})
    assert (heard.type, heard.extra["raw"]["type"]) == ("unsupported", kind)


def test_somebody_without_a_number_is_known_by_the_scoped_id():
    contacts = [{"profile": {"username": "dana.demo"}, "user_id": "US.1"}]
    one = {**message(), "from_user_id": "US.1"}
    del one["from"]
    (heard,) = values(messages=[one], contacts=contacts)
    assert (heard.wa_chat_id, heard.sender_wa_id, heard.sender_name) == ("US.1@bsuid", "US.1@bsuid", "dana.demo")


def test_a_group_is_the_chat_and_the_writer_is_the_sender():
    heard = said(group_id="Y2FwaV9ncm91cA==")
    assert (heard.wa_chat_id, heard.sender_wa_id) == ("Y2FwaV9ncm91cA==@g.us", DANA)


@pytest.mark.parametrize("content", [{"message_id": "wamid.ours=="}, {"message_id": "wamid.ours==", "emoji": ""}])
def test_both_forms_of_taking_a_reaction_back(content):
    reaction, window = values(messages=[message("reaction", content)])
    assert (reaction.target_wa_id, reaction.emoji, reaction.by_wa_id) == ("wamid.ours==", "", DANA)
    assert window == InboundChat(DANA, window_expires_at=AT + timedelta(hours=24))


def test_edits_and_revokes_are_about_the_original():
    new = {"type": "image", "image": {"caption": "The"}}
    edit, revoke = values(
        messages=[
            message("edit", {"original_message_id": "wamid.o==", "message": new}, context={"id": "wamid.else=="}),
            message("revoke", {"original_message_id": "wamid.o=="}),
        ]
    )
    assert edit == InboundEdit("wamid.o==", DANA, "The", AT)
    assert revoke == InboundRevoke("wamid.o==", DANA, DANA, AT)


# --- Reports ---


def report(**fields) -> dict:
    return {"id": "wamid.ours==", "status": "sent", "timestamp": SECONDS, "recipient_id": "15550100201", **fields}


def test_a_report_brings_our_own_reference_and_the_price():
    (heard,) = values(statuses=[report(biz_opaque_callback_data="ours", pricing={"category": "utility", "x": 1})])
    assert heard == InboundStatus(
        "wamid.ours==", "sent", AT, DANA, client_reference="ours", extra={"pricing": {"category": "utility"}}
    )


@pytest.mark.parametrize(
    ("code", "word"),
    [(131047, "window_closed"), (131026, "undeliverable"), (131049, "marketing_limited"), (999999, "999999")],
)
def test_a_failure_says_why_in_our_words_and_metas(code, word):
    error = {"code": code, "title": "Title", "error_data": {"details": "Metas own words"}}
    (heard,) = values(statuses=[report(status="failed", errors=[error])])
    assert heard.error_code == word
    assert "Metas own words" in heard.error_detail


def test_a_failure_in_the_old_shape_and_one_without_errors():
    (old,) = values(statuses=[report(status="failed", errors=[{"code": 470, "title": "Old", "details": "x"}])])
    assert (old.error_code, old.error_detail) == ("470", "Old")
    (bare,) = values(statuses=[report(status="failed")])
    assert (bare.error_code, bare.error_detail) == ("", "")


@pytest.mark.parametrize(("origin", "opens"), [("service", True), ("user_initiated", True), ("marketing", False)])
def test_an_old_reports_conversation_opens_the_window_only_when_the_customer_began_it(origin, opens):
    conversation = {"id": "c", "expiration_timestamp": SECONDS, "origin": {"type": origin}}
    window = values(statuses=[report(conversation=conversation)])[1:]
    assert window == ([InboundChat(DANA, window_expires_at=AT)] if opens else [])


def test_in_groups_each_participant_reports():
    (heard,) = values(
        statuses=[report(recipient_type="group", recipient_id="Z3JvdXA=", recipient_participant_id="15550100201")]
    )
    assert (heard.wa_chat_id, heard.viewer_wa_id) == ("Z3JvdXA=@g.us", DANA)


@pytest.mark.parametrize("status", ["deleted", "warning", "held", ""])
def test_other_words_of_reports_change_nothing(status):
    assert isinstance(values(statuses=[report(status=status)])[0], Ignored)


# --- The business app, the account, templates ---


def test_what_was_typed_in_the_business_app_is_ours():
    echo = {**message(), "from": "15550100100", "to": "15550100201"}
    (heard,) = read("smb_message_echoes", of_number(message_echoes=[echo])).values
    assert (heard.from_me, heard.wa_chat_id, heard.sender_wa_id, heard.source) == (True, DANA, SHOP, "mobile")
    reaction = {**echo, "type": "reaction", "reaction": {"message_id": "wamid.t==", "emoji": "👍"}}
    (heard,) = read("smb_message_echoes", of_number(message_echoes=[reaction])).values
    assert (heard.from_me, heard.target_wa_id, heard.emoji) == (True, "wamid.t==", "👍")
    assert isinstance(heard, InboundReaction)


def test_history_knows_both_sides_and_says_that_it_is_old():
    theirs = {**message(), "history_context": {"status": "READ"}}
    ours = {**message(), "from": "15550100100", "id": "wamid.two==", "history_context": {"status": "DELIVERED"}}
    thread = {"id": "15550100201", "messages": [theirs, ours, "nonsense"]}
    first, second = read("history", of_number(history=[{"threads": [thread]}])).values
    assert (first.from_me, first.status, first.source) == (False, "", "history")
    assert (second.from_me, second.status, second.wa_chat_id) == (True, "delivered", DANA)


def test_the_phones_contacts_have_names():
    contact = {"action": "add", "contact": {"full_name": "Dana Demo", "phone_number": "15550100201"}}
    (heard,) = read("smb_app_state_sync", of_number(state_sync=[contact])).values
    assert heard == InboundContact(DANA, "Dana Demo")


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ({"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"expiration": 1}]}, ChannelStatus.DEGRADED),
        ({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}, ChannelStatus.ERROR),
        ({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}, ChannelStatus.CONNECTED),
        ({"event": "PARTNER_REMOVED"}, ChannelStatus.LOGGED_OUT),
    ],
)
def test_news_of_the_account_move_the_connection(value, status):
    parsed = read("account_update", value)
    assert (parsed.values[0].status, parsed.homes) == (status, (("waba_id", ACCOUNT),))
    assert isinstance(parsed.values[0], InboundConnection)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("account_update", {"event": "VERIFIED_ACCOUNT"}, "News of the account: verified account."),
        ("account_review_update", {"decision": "APPROVED"}, "Meta has reviewed the account: approved."),
        (
            "account_alerts",
            {"entity_type": "WABA", "alert_info": {"alert_severity": "CRITICAL", "alert_type": "LOW_QUALITY"}},
            "Meta warns about the account: critical, low quality.",
        ),
        (
            "phone_number_quality_update",
            {"display_phone_number": "15550100100", "event": "FLAGGED", "current_limit": "TIER_1K"},
            "Meta changed what a number may send: 15550100100, flagged, tier 1k.",
        ),
        (
            "business_capability_update",
            {"max_daily_conversation_per_phone": 1000, "max_phone_numbers_per_waba": 2},
            "Meta changed how many people the account may write to in a day: 1000.",
        ),
        (
            "phone_number_name_update",
            {"requested_verified_name": "Demo Shop", "decision": "REJECTED"},
            "Meta has decided about a display name: Demo Shop, rejected.",
        ),
        ("security", {"event": None}, "Meta reports a change of a number's security: no details."),
        (
            "message_template_quality_update",
            {"message_template_name": "order_update", "new_quality_score": "RED"},
            "The quality of a template changed: order_update, red.",
        ),
    ],
)
def test_news_that_move_nothing_are_told_to_admins(field, value, words):
    parsed = read(field, value)
    assert (parsed.values, parsed.homes) == ((InboundNotice(words),), (("waba_id", ACCOUNT),))


def test_a_problem_of_the_number_is_told_to_admins_in_our_words_and_metas():
    (heard,) = values(errors=[{"code": 131048, "title": "Spam rate limit hit"}])
    assert heard.text.startswith("Meta reports a problem: Meta limits this number because people block or report it")
    assert values(errors=[{}]) == [InboundNotice("Meta reports a problem: no details.")]


@pytest.mark.parametrize("field", ["message_template_components_update", "flows", "something_new"])
def test_other_news_are_kept_with_a_reason(field):
    parsed = read(field, {"event": "FLAGGED"})
    assert (parsed.kind, type(parsed.values[0])) == (field, Ignored)


def test_news_of_a_template():
    named = {"message_template_name": "a", "message_template_language": "en", "message_template_id": 7}
    (heard,) = read("message_template_status_update", {**named, "event": "PAUSED"}).values
    assert heard == InboundTemplate("a", "en", status="paused", provider_template_id="7")
    (heard,) = read("template_category_update", {**named, "new_category": "MARKETING"}).values
    assert heard == InboundTemplate("a", "en", category="marketing", provider_template_id="7")


def test_every_value_says_which_number_it_is_about():
    first, second = of_number(messages=[message()]), of_number(statuses=[report()])
    second["metadata"] = {"phone_number_id": "100000000000002"}
    changes = [{"field": "messages", "value": value} for value in (first, second)]
    body = {"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": changes}]}
    parsed = parse(json.dumps(body).encode())
    assert parsed.kind == "messages+statuses"
    assert parsed.homes == (("phone_number_id", NUMBER), ("phone_number_id", "100000000000002"))


def test_one_bad_item_does_not_hide_the_others_and_a_body_of_only_bad_ones_is_kept():
    good, bad = values(messages=[{"type": "text"}, message()])
    assert (good.text, type(bad)) == ("Hello", Ignored)
    with pytest.raises(Unreadable, match="nobody who wrote it"):
        values(messages=[{"type": "text"}])
    with pytest.raises(Unreadable, match="not a webhook of the Cloud API"):
        parse(b'{"messages": []}')


# --- Samples ---

SAMPLES = os.environ.get("CLOUD_SAMPLES", "")
WITHOUT_SAMPLES = (
    "CLOUD_SAMPLES is not set, so published payloads were NOT read. Save bodies of Meta's webhooks as webhook-*.json "
    "into a folder and set CLOUD_SAMPLES to its path."
)
EXPECTED = {
    "account-": InboundConnection,
    "call-status": Ignored,
    "echo-revoke": InboundRevoke,
    "edit-": InboundEdit,
    "phone-quality": InboundNotice,
    "reaction": InboundReaction,
    "revoke-": InboundRevoke,
    "status-": InboundStatus,
    "template-approved": InboundTemplate,
    "template-quality": InboundNotice,
    "template-rejected": InboundTemplate,
    "user-preferences": Ignored,
    "value-errors": InboundNotice,
}


@pytest.mark.skipif(not SAMPLES, reason=WITHOUT_SAMPLES)
def test_every_published_sample_is_read_to_the_right_values():
    samples = sorted(Path(SAMPLES).glob("webhook-*.json"))
    assert samples, f"There are no webhook-*.json files in {SAMPLES}."
    for sample in samples:
        data = json.loads(sample.read_text())
        name = sample.name.removeprefix("webhook-")
        first = parse(json.dumps(data.get("body", data)).encode()).values[0]
        wanted = next((kind for start, kind in EXPECTED.items() if name.startswith(start)), InboundMessage)
        assert type(first) is wanted, name
        if wanted is InboundMessage:
            assert (first.type == "unsupported") == name.startswith("unsupported"), name
