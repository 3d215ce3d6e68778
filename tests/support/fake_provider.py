"""A vendor without a network: it answers what a test tells it and remembers what it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from channels_app import jobs
from channels_app.models import Channel
from channels_app.providers.base import Credentials, Health, QrCode, SentMessage
from channels_app.services import gateway
from channels_app.states import ChannelStatus
from channels_app.workers import KINDS
from kernel import clock
from outbox.errors import AttemptEnded
from outbox.models import Item
from outbox.registry import Job, Settled
from outbox.states import ItemState


@dataclass
class FakeProvider:
    """`answers` by the name of a method: a value, an exception to raise, or a list of these, one for each call."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, Credentials, tuple, dict]] = field(default_factory=list)

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)

        def method(credentials: Credentials, *args: Any, **kwargs: Any) -> Any:
            self.asked.append((name, credentials, args, kwargs))
            answer = self.answers.get(name, _DEFAULTS.get(name))
            if isinstance(answer, list):
                answer = answer.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return method

    def names(self) -> list[str]:
        return [name for name, *_ in self.asked]


_DEFAULTS = {
    "send": SentMessage(wa_message_id="wa-1"),
    "health": Health(status=ChannelStatus.CONNECTED, own_wa_id="15550100123@s.whatsapp.net"),
    "qr_code": QrCode(status="ready", png_data_uri="data:image/png;base64,c2VjcmV0LXFy", expires_in_seconds=30),
}


@contextmanager
def fake_provider(**answers: Any) -> Iterator[FakeProvider]:
    """Every channel talks to this vendor meanwhile; nothing stays open in the gateway afterwards."""
    provider = FakeProvider(answers)
    with mock.patch.object(gateway, "_adapter", return_value=provider):
        gateway._open.clear()
        try:
            yield provider
        finally:
            gateway._open.clear()


def waiting_jobs(channel: Channel) -> list[Item]:
    """What was asked of the outbox about the channel itself and is not done, oldest first."""
    states = [ItemState.QUEUED, ItemState.SCHEDULED]
    return list(Item.objects.filter(lane_id=jobs.control_lane_id(channel.pk), state__in=states).order_by("id"))


def perform_next(channel: Channel) -> str:
    """Do the oldest waiting job of the channel as the relay would, whenever it is due. Returns its kind."""
    return perform(waiting_jobs(channel)[0])


def perform(item: Item) -> str:
    kind = next(kind for kind in KINDS if kind.name == item.kind)
    shared = {name: getattr(item, name) for name in ("workspace_id", "lane_id", "order_key", "subject_id", "kind")}
    state, code, detail = ItemState.SENT, "", ""
    try:
        kind.perform(Job(item_id=item.pk, payload=item.payload, attempt_number=1, deadline_seconds=30.0, **shared))
    except AttemptEnded as ended:
        state, code, detail = ItemState.FAILED, ended.code, ended.detail
    Item.objects.filter(pk=item.pk).update(state=state, open=False)
    kind.settle(
        [
            Settled(
                item_id=item.pk,
                state=state,
                provider_id="",
                data={},
                error_code=code,
                error=detail,
                attempts=1,
                due_at=None,
                at=clock.now(),
                **shared,
            )
        ]
    )
    return item.kind


def token_of(provider: FakeProvider) -> str:
    """The token of the last call."""
    return provider.asked[-1][1].token
