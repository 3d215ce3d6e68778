"""The whole loop with the relay killed in mid-send; the simulator's log is the judge of what reached the provider."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from kernel import http
from tests.support.stack import Stack, running_stack
from tests.support.waiting import until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

LEASE_SECONDS = 4
ENDED = {"sent", "delivered", "read"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack(
        settings.DATABASES["default"], OUTBOX_LEASE_SECONDS=str(LEASE_SECONDS), OUTBOX_UNCERTAIN_WAIT_SECONDS="6"
    ) as running:
        yield running


@pytest.fixture
def shop(stack: Stack) -> Iterator["Shop"]:
    yield Shop(stack)
    stack.provider.clear_faults()


class Shop:
    """The shop's channel, used through the REST API with an API key."""

    def __init__(self, stack: Stack):
        self.stack = stack
        self._key = {"Authorization": f"Bearer {stack.facts['api_key']}"}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = http.request(
            method,
            f"{self.stack.url}/api/v1{path}",
            headers=self._key,
            json=body,
            deadline=20,
            max_bytes=5_000_000,
            allow_private=True,
        )
        assert answer.status < 300, answer.body
        return json.loads(answer.body)

    def writes(self, to: str, *texts: str) -> list[str]:
        """The ids of the messages."""
        return [
            self.call(
                "POST",
                "/messages",
                {
                    "channel": self.stack.shop["id"],
                    "to": to,
                    "client_id": f"{to}-{text}"[:64],
                    "type": "text",
                    "text": text,
                },
            )["id"]
            for text in texts
        ]

    def status(self, message_id: str) -> str:
        return self.call("GET", f"/messages/{message_id}")["status"]

    def events(self, message_id: str) -> list[str]:
        answer = self.call("GET", f"/messages/{message_id}/timeline")
        return [entry["event"] for entry in answer]

    def received(self, to: str) -> list[str]:
        """The texts that exist at the provider for this customer, in the order in which it took them."""
        return [
            send["body"]["body"]
            for send in self.stack.provider.sends()
            if send["path"] == "/messages/text" and send["body"]["to"].startswith(to)
        ]

    def hangs_on(self, **rule: Any) -> None:
        """The provider's next text send never answers."""
        self.stack.provider.fault(match={"method": "POST", "path": "/messages/text"}, times=1, then="hang", **rule)

    def reached(self, text: str) -> bool:
        return any(
            isinstance(request["body"], dict) and request["body"].get("body") == text
            for request in self.stack.provider.requests(method="POST", path="/messages/text")
        )


def test_a_relay_killed_after_the_provider_took_the_message_loses_and_doubles_nothing(shop):
    shop.hangs_on(accept=True, echo="never")
    first, second = "15550100191", "15550100192"
    texts = [f"number {n}" for n in range(5)]
    messages = shop.writes(first, "taken", *texts)
    until(lambda: shop.received(first) == ["taken"])

    shop.stack.kill_relay()
    messages += shop.writes(second, *texts)  # written while no relay runs
    shop.stack.start_relay()

    until(lambda: all(shop.status(message) in ENDED for message in messages), LEASE_SECONDS + 45)
    assert shop.received(first) == ["taken", *texts]
    assert shop.received(second) == texts
    assert shop.events(messages[0]).count("attempt_started") == 1


def test_an_echo_proves_what_a_killed_relay_could_not_record(shop):
    shop.hangs_on(accept=True, echo="before")
    customer = "15550100193"
    message, following = shop.writes(customer, "echoed", "after it")
    until(lambda: shop.received(customer) == ["echoed"])

    shop.stack.kill_relay()
    until(lambda: shop.status(message) in ENDED, 20)  # by the echo alone, while no relay runs
    shop.stack.start_relay()

    until(lambda: shop.status(following) in ENDED, LEASE_SECONDS + 45)
    assert shop.received(customer) == ["echoed", "after it"]


def test_what_never_arrived_is_shown_to_a_person_and_sent_once_when_they_say_so(shop):
    shop.hangs_on(accept=False)
    customer = "15550100194"
    message, following = shop.writes(customer, "lost on the way", "next")
    until(lambda: shop.reached("lost on the way"))

    shop.stack.kill_relay()
    shop.stack.start_relay()

    until(lambda: shop.status(message) == "uncertain", LEASE_SECONDS + 20)
    until(lambda: shop.status(following) in ENDED, 60)  # the chat goes on after the bounded wait
    assert shop.status(message) == "uncertain"
    assert shop.received(customer) == ["next"]

    shop.call("POST", f"/messages/{message}/retry")
    until(lambda: shop.status(message) in ENDED, 30)
    assert shop.received(customer) == ["next", "lost on the way"]


def test_nothing_is_asked_of_a_channel_that_was_told_to_slow_down(shop):
    shop.stack.provider.fault(
        match={"method": "POST", "path": "/messages/text"}, times=1, status=429, headers={"Retry-After": "2"}
    )
    customer = "15550100195"
    messages = shop.writes(customer, "first", "second")

    until(lambda: all(shop.status(message) in ENDED for message in messages), 30)
    assert shop.received(customer) == ["first", "second"]
    requests = [
        request
        for request in shop.stack.provider.requests(method="POST", path="/messages/text")
        if request["body"].get("to", "").startswith(customer)
    ]
    assert requests[1]["at"] - requests[0]["at"] >= 2
