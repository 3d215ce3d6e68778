"""The vendors that the conformance suite runs against: an adapter, its simulator and credentials that work there."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from django.test import override_settings

from channels_app.providers import adapter_named
from channels_app.providers.base import Adapter, Credentials
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


VENDORS: dict[str, Callable[[], AbstractContextManager[Vendor]]] = {"whapi": whapi, "waha": waha}
