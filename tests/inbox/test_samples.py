"""Real bodies of a provider, where there are any: in any order and repetition they end in the same chats."""

import json
import os
import random
from pathlib import Path

import pytest
from django.db import transaction

from channels_app.selectors import channels as channel_selectors
from inbox.models import Chat, Message, MessageFact
from tests.inbox.convergence.running import what_is_seen
from tests.support.world import WEBHOOK_SECRET
from webhooks.models import InboundEvent
from webhooks.services.applying import sweep_pending

SAMPLES = os.environ.get("WHAPI_SAMPLES", "")


def samples() -> dict[str, dict]:
    if not SAMPLES or not Path(SAMPLES).is_dir():
        pytest.skip("WHAPI_SAMPLES is not set: name a folder of Whapi webhook bodies (webhook-*.json) to replay them.")
    found = {path.name: json.loads(path.read_text()) for path in sorted(Path(SAMPLES).glob("webhook-*.json"))}
    assert found, f"{SAMPLES} holds no webhook-*.json."
    return found


def deliver(client, world, name: str, body: dict) -> None:
    suffix = "/messages" if "methodmode" in name else ""
    response = client.post(
        f"/api/webhooks/whapi/{world.channel.pk}{suffix}",
        body,
        content_type="application/json",
        headers={"X-Webhook-Secret": WEBHOOK_SECRET},
    )
    assert response.status_code == 200, (name, response.content)


def state_of_samples() -> dict:
    seen = what_is_seen()
    seen["kept"] = sorted(MessageFact.objects.values_list("wa_message_id", "kind", "key"))
    seen["writable"] = sorted(Chat.objects.values_list("wa_chat_id", "read_only", "only_admins_write"))
    seen["groups"] = sorted(
        Chat.objects.filter(participants__left=False).values_list(
            "wa_chat_id", "participants__wa_id", "participants__rank"
        )
    )
    return seen


def test_every_sample_ends_in_the_right_chat(world, client):
    bodies = samples()
    for name, body in bodies.items():
        deliver(client, world, name, body)
    sweep_pending()
    events = InboundEvent.objects.order_by("id")
    trouble = [(name, event.reason) for name, event in zip(bodies, events, strict=True) if event.result == "parked"]
    assert not trouble
    for name, body in bodies.items():
        for item in body.get("messages", []):
            if item["type"] == "action":
                assert MessageFact.objects.filter(wa_message_id=item["action"]["target"]).exists(), name
            else:
                message = Message.objects.get(wa_message_id=item["id"])
                assert (message.chat.wa_chat_id, message.direction) == (
                    item["chat_id"],
                    "outbound" if item["from_me"] else "inbound",
                ), name
        for item in body.get("statuses", []):
            assert MessageFact.objects.filter(wa_message_id=item["id"], kind="status").exists(), name


@pytest.mark.parametrize("seed", range(6))
def test_samples_in_any_order_and_repetition_end_in_the_same_state(world, client, seed):
    bodies = samples()

    def replayed(chance: random.Random | None) -> dict:
        order = list(bodies)
        if chance is not None:
            order += chance.choices(order, k=len(order) // 2)
            chance.shuffle(order)
        with transaction.atomic():
            channel_selectors._targets.clear()
            for name in order:
                deliver(client, world, name, bodies[name])
                if chance is not None and chance.random() < 0.3:
                    sweep_pending()
            sweep_pending()
            state = state_of_samples()
            transaction.set_rollback(True)
        return state

    assert replayed(random.Random(seed)) == replayed(None)
