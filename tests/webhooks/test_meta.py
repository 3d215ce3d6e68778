"""Meta at the door: the address is tried, bodies are signed, and one body may be about several numbers."""

import json
import os
import random
from pathlib import Path

import pytest

from channels_app.models import Channel
from channels_app.services.credentials import store_credential
from inbox.models import Chat, Message, MessageFact
from kernel import signing
from outbox.models import Lane
from tests.support.world import World
from webhooks.models import InboundEvent
from webhooks.services.applying import apply_events, apply_pending
from webhooks.states import Result

pytestmark = pytest.mark.django_db
APP_SECRET, VERIFY_TOKEN = "an-app-secret-of-a-test", "a-verify-token-of-a-test"
ACCOUNT, FIRST, SECOND = "200000000000001", "100000000000001", "100000000000002"


def meta_channel(world: World, phone_number_id: str, workspace=None) -> Channel:
    workspace = workspace or world.acme
    channel = Channel.objects.create(
        workspace=workspace,
        provider="cloud",
        name=f"Number {phone_number_id[-1]}",
        own_wa_id=f"1555010010{phone_number_id[-1]}@s.whatsapp.net",
        status="connected",
        settings={"phone_number_id": phone_number_id, "waba_id": ACCOUNT},
    )
    Lane.objects.create(id=channel.id, workspace=workspace, name=channel.name)
    for name, secret in (("token", "t"), ("app_secret", APP_SECRET), ("verify_token", VERIFY_TOKEN)):
        store_credential(channel=channel, name=name, secret=secret)
    return channel


@pytest.fixture
def first(world) -> Channel:
    return meta_channel(world, FIRST)


@pytest.fixture
def call(client):
    """`call(channel, body)` as Meta does; `signature` replaces the true one."""

    def post(channel, body, signature: str | None = None):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = f"sha256={signing.hmac_hex(APP_SECRET, raw, 'sha256')}" if signature is None else signature
        url = f"/api/webhooks/cloud/{channel.pk}"
        return client.post(url, raw, content_type="application/json", headers={"X-Hub-Signature-256": signed})

    return post


def change(phone_number_id: str, **lists) -> dict:
    metadata = {"display_phone_number": "15550100101", "phone_number_id": phone_number_id}
    return {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **lists}}


def message(name: str, text: str = "Hello") -> dict:
    body = {"type": "text", "text": {"body": text}}
    return {"from": "15550100201", "id": f"wamid.{name}==", "timestamp": "1790000000", **body}


def event(*changes: dict, account: str = ACCOUNT) -> dict:
    return {"object": "whatsapp_business_account", "entry": [{"id": account, "changes": list(changes)}]}


# --- Trying the address ---


def asked(client, channel, **query):
    named = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"}
    return client.get(f"/api/webhooks/cloud/{channel.pk}", {**named, **query})


def test_metas_challenge_comes_back_as_plain_text(client, first):
    response = asked(client, first)
    assert (response.status_code, response.content) == (200, b"1158201444")
    assert response["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    "query", [{"hub.verify_token": "wrong"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"}]
)
def test_a_try_that_does_not_know_the_verify_token_is_403(client, first, query):
    response = asked(client, first, **query)
    assert response.status_code == 403
    assert b"1158201444" not in response.content
    assert InboundEvent.objects.get().kind == "wrong_verify_token"


def test_other_vendors_addresses_are_not_tried_and_unknown_channels_are_404(client, world, first):
    assert client.get(f"/api/webhooks/whapi/{world.channel.pk}").status_code == 405
    assert client.get(f"/api/webhooks/cloud/{world.channel.pk}").status_code == 404
    assert client.get(f"/api/webhooks/cloud/{world.acme.pk}").status_code == 404


# --- Signatures ---


def test_a_signed_body_is_stored_and_its_items_are_counted(call, first):
    body = event(change(FIRST, messages=[message("a"), message("b")]), change(FIRST, statuses=[{"id": "x"}]))
    response = call(first, body)
    assert (response.status_code, response.json()) == (200, {"received": 3})


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=00ff", "sha1=00ff", "sha256=\u00fc"])
def test_a_body_without_its_signature_is_401(call, first, signature):
    assert call(first, event(), signature).status_code == 401
    assert not InboundEvent.objects.exclude(result=Result.REFUSED).exists()


def test_the_signature_is_of_the_raw_bytes(call, first):
    raw = rb'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[]}],"x":"Caf\u00e9 a\/b"}'
    assert call(first, raw).status_code == 200
    again = json.dumps(json.loads(raw)).encode()
    signature = f"sha256={signing.hmac_hex(APP_SECRET, again, 'sha256')}"
    assert call(first, raw, signature).status_code == 401


# --- Several numbers behind one app ---


def test_one_body_for_two_numbers_ends_in_two_channels(call, world, first):
    second = meta_channel(world, SECOND)
    call(first, event(change(FIRST, messages=[message("a")]), change(SECOND, messages=[message("b")])))
    apply_pending()
    assert dict(Message.objects.values_list("wa_message_id", "channel")) == {
        "wamid.a==": first.pk,
        "wamid.b==": second.pk,
    }
    assert Chat.objects.count() == 2
    assert InboundEvent.objects.get().result == Result.APPLIED


def test_guard_05_every_item_of_every_change_of_every_entry_counts_and_a_bad_one_hides_no_other(call, world, first):
    meta_channel(world, SECOND)
    named = [[(FIRST, f"{entry}a"), (SECOND, f"{entry}b")] for entry in range(3)]
    entries = []
    for changes in named:
        made = []
        for number, name in changes:
            reports = [{"id": f"wamid.{name}{n}==", "status": "read", "timestamp": "1790000001"} for n in (1, 2)]
            customers = [message(f"{name}1"), {"type": "text"}, message(f"{name}2")]
            made.append(change(number, messages=customers, statuses=reports))
        entries += event(*made)["entry"]
    answer = call(first, {"object": "whatsapp_business_account", "entry": entries})
    assert (answer.status_code, answer.json()) == (200, {"received": 3 * 2 * (3 + 2)})
    apply_pending()
    wanted = {f"wamid.{name}{n}==" for changes in named for _, name in changes for n in (1, 2)}
    assert set(Message.objects.values_list("wa_message_id", flat=True)) == wanted
    assert set(MessageFact.objects.filter(kind="status").values_list("wa_message_id", flat=True)) == wanted


def test_what_is_about_a_number_that_is_not_here_waits_for_it(call, world, first):
    """Also when another workspace has it: nobody's app speaks for another workspace."""
    meta_channel(world, SECOND, workspace=world.zoes)
    call(first, event(change(SECOND, messages=[message("b")]), change(FIRST, messages=[message("a")])))
    apply_pending()
    assert list(Message.objects.values_list("wa_message_id", "channel")) == [("wamid.a==", first.pk)]
    kept = InboundEvent.objects.get()
    assert (kept.result, SECOND in kept.reason) == (Result.PARKED, True)
    second = meta_channel(world, SECOND)
    apply_events([kept.pk])
    assert Message.objects.get(wa_message_id="wamid.b==").channel_id == second.pk
    assert Message.objects.count() == 2
    kept.refresh_from_db()
    assert kept.result == Result.APPLIED


def test_news_of_an_account_reach_all_its_numbers(call, world, first):
    second = meta_channel(world, SECOND)
    news = {"field": "account_update", "value": {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}}
    call(first, event(news))
    apply_pending()
    for channel in (first, second):
        channel.refresh_from_db()
        assert (channel.status, channel.status_detail) == ("error", "Meta disabled the account.")


def test_a_batch_of_many_bodies_asks_once_whose_they_are(call, world, first, django_assert_max_num_queries):
    for n in range(10):
        call(first, event(change(FIRST, messages=[message(str(n))])))
    with django_assert_max_num_queries(40):
        apply_pending()
    assert Message.objects.count() == 10


# --- Samples ---

SAMPLES = os.environ.get("CLOUD_SAMPLES", "")
REASON = (
    "CLOUD_SAMPLES is not set, so published payloads were NOT read. Save bodies of Meta's webhooks (its documentation "
    'shows one of each kind) as webhook-*.json, each with the body itself or under the key "body", into a folder and '
    "set CLOUD_SAMPLES to its path."
)


def samples() -> list[dict]:
    found = [json.loads(path.read_text()) for path in sorted(Path(SAMPLES).glob("webhook-*.json"))]
    return [one.get("body", one) for one in found]


def seen() -> list[tuple]:
    """Everything that a team sees of chats and messages."""
    fields = ("channel", "chat__wa_chat_id", "wa_message_id", "direction", "type", "text", "status", "deleted_at")
    return sorted(map(repr, Message.objects.values_list(*fields)))


@pytest.mark.skipif(not SAMPLES, reason=REASON)
def test_every_sample_in_any_order_ends_in_the_same_chats(call, world, first):
    meta_channel(world, SECOND)
    bodies = samples()
    assert bodies
    ends = []
    for seed in range(3):
        Message.objects.all().delete()
        MessageFact.objects.all().delete()
        Chat.objects.all().delete()
        InboundEvent.objects.all().delete()
        order = bodies * 2
        random.Random(seed).shuffle(order)
        for body in order:
            assert call(first, body).status_code == 200
        while apply_pending():
            pass
        parked = InboundEvent.objects.filter(result=Result.PARKED)
        assert all("No channel here has the" in one.reason for one in parked), [one.reason for one in parked]
        ends.append(seen())
    assert ends[0] == ends[1] == ends[2]
    assert len(ends[0]) >= 30
