"""The vendors that the conformance suite runs against: an adapter, its simulator and credentials that work there."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
from django.test import override_settings

from channels_app.providers import adapter_named
from channels_app.providers.base import Adapter, Credentials, InboundMessage
from tests.channels_app.providers.receiver import Receiver, running_receiver
from tests.support.simulator import SimulatorControl, running_simulator

SECRET = "a-webhook-secret"


@dataclass
class Vendor:
    """A linked channel at a simulated provider whose webhooks arrive at `receiver`."""

    name: str
    adapter: Adapter
    credentials: Credentials
    simulator: SimulatorControl
    receiver: Receiver
    lacks: frozenset[str] = frozenset()
    """What the vendor does not offer: poll, edit, echo (of sends), history, link (by phone), groups, presence,
    links (to files)."""
    as_webhook: Callable[[dict], dict] | None = None
    """For a vendor without echoes: what a message that exists there would look like in one."""

    def needs(self, *offers: str) -> None:
        """Skips what the vendor has no part in; the vendor's own tests say what it does instead."""
        if missing := self.lacks.intersection(offers):
            pytest.skip(f"{self.name} does not offer {', '.join(sorted(missing))}")

    def sent_message(self, wa_message_id: str) -> InboundMessage:
        """A message of ours as it exists at the vendor."""
        if self.as_webhook is None:
            return self.wait_for_value(InboundMessage, wa_message_id=wa_message_id)
        (there,) = [one for one in self.simulator.messages() if one["id"] == wa_message_id]
        body = json.dumps(self.as_webhook(there)).encode()
        return self.adapter.parse(method="POST", suffix="", body=body).values[0]

    @property
    def webhook_url(self) -> str:
        return self.receiver.url

    def parsed(self):
        """The values of all webhook calls so far."""
        return [
            value
            for call in list(self.receiver.calls)
            for value in self.adapter.parse(method=call.method, suffix=call.suffix, body=call.body).values
        ]

    def wait_for_value(self, wanted: type, **fields):
        """The first parsed value of a kind with these fields."""

        def found():
            return next(
                (
                    v
                    for v in self.parsed()
                    if isinstance(v, wanted) and all(getattr(v, name) == value for name, value in fields.items())
                ),
                None,
            )

        return self.simulator.wait_for(found, f"{wanted.__name__} with {fields}")


@contextmanager
def whapi() -> Iterator[Vendor]:
    with running_receiver() as receiver, running_simulator(backoff_ms=20) as simulator:
        token = "sim_conformance_token"
        simulator.add_channel(token, number="15550100100", name="Demo shop")
        credentials = Credentials(base_url=simulator.base_url, token=token)
        vendor = Vendor("whapi", adapter_named("whapi"), credentials, simulator, receiver)
        vendor.adapter.register_webhook(credentials, receiver.url, SECRET, deadline=10)
        yield vendor


@contextmanager
def waha() -> Iterator[Vendor]:
    with (
        override_settings(WAHA_PRIVATE_HOSTS=["127.0.0.1"]),
        running_receiver() as receiver,
        running_simulator("waha", backoff_ms=20) as simulator,
    ):
        simulator.add_channel("shop", number="15550100100", name="Demo shop")
        credentials = Credentials(simulator.base_url, "a-conformance-key", {"session": "shop", "hmac_key": SECRET})
        vendor = Vendor("waha", adapter_named("waha"), credentials, simulator, receiver)
        vendor.adapter.register_webhook(credentials, receiver.url, SECRET, deadline=10)
        simulator.wait_until_idle()
        receiver.calls.clear()  # WAHA restarts a session whose webhook changes, and says so
        yield vendor


@contextmanager
def cloud() -> Iterator[Vendor]:
    verify_token = "a-verify-token"
    with running_receiver(verify_token) as receiver, running_simulator("cloud", backoff_ms=20) as simulator:
        token, ids = "a-conformance-token", {"phone_number_id": "100000000000001", "waba_id": "200000000000001"}
        simulator.add_channel(token, number="15550100100", name="Demo shop", app_secret=SECRET, **ids)
        extra = {**ids, "app_secret": SECRET, "verify_token": verify_token}
        credentials = Credentials(base_url=simulator.base_url, token=token, extra=extra)
        lacks = frozenset({"poll", "edit", "echo", "history", "link", "groups", "presence", "links"})
        vendor = Vendor("cloud", adapter_named("cloud"), credentials, simulator, receiver, lacks, _as_echo)
        vendor.adapter.register_webhook(credentials, receiver.url, verify_token, deadline=10)
        yield vendor


def _as_echo(message: dict) -> dict:
    """As Meta tells what was typed in the Business app; sends through the API have no echo."""
    value = {"metadata": {"display_phone_number": "15550100100"}, "message_echoes": [message]}
    changes = [{"field": "smb_message_echoes", "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "200000000000001", "changes": changes}]}


VENDORS: dict[str, Callable[[], AbstractContextManager[Vendor]]] = {"whapi": whapi, "cloud": cloud, "waha": waha}
