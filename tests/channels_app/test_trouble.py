"""Connecting when something between us and the provider is wrong: words at once, no hang, nothing lost."""

import socket
import time

import pytest

from channels_app import jobs
from channels_app.models import Channel
from channels_app.providers.errors import ProviderError
from channels_app.services import connection, gateway
from channels_app.services.channels import create_channel
from channels_app.services.linking import continue_linking
from channels_app.states import ChannelStatus
from kernel import clock
from outbox.models import Item
from tests.support.fake_provider import perform, waiting_jobs
from tests.support.simulator import running_simulator

S = ChannelStatus
SECONDS = 2.0
HTML = "<html><head><title>502</title></head><body><h1>Proxy error</h1></body></html>"


@pytest.fixture(scope="module")
def whapi():
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def connecting(world, whapi):
    """`connecting(base_url=…, token=…)`: a channel that Ana adds and connects; everything is kept in the outbox."""
    gateway._open.clear()

    def add(base_url: str = whapi.base_url, token: str = "sim_trouble") -> Channel:
        channel, _ = create_channel(
            actor=world.ana, provider="whapi", name="Trouble", token=token, settings={"base_url": base_url}
        )
        connection.connect(actor=world.ana, channel_id=channel.pk)
        return channel

    whapi.add_channel("sim_trouble", state="QR")
    yield add
    whapi.clear_faults()
    gateway._open.clear()


def one_step(channel: Channel) -> Channel:
    """The next step of linking, with little time."""
    item = next(item for item in waiting_jobs(channel) if item.kind == jobs.CONNECT)
    started = time.monotonic()
    try:
        since = clock.now().timestamp()
        continue_linking(channel_id=channel.pk, item_id=item.pk, since=since, tries=0, deadline=SECONDS)
    except ProviderError as refusal:
        connection.note_failure(channel_id=channel.pk, detail=refusal.detail, linking=True)
    assert time.monotonic() - started < SECONDS + 1, "no hang"
    Item.objects.filter(pk=item.pk).update(state="sent", open=False)
    channel.refresh_from_db()
    return channel


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def waits_and_tries_again(channel: Channel) -> bool:
    return channel.status == S.CONNECTING and jobs.CONNECT in [item.kind for item in waiting_jobs(channel)]


def test_a_vendor_that_is_not_there(connecting):
    channel = one_step(connecting(base_url=f"http://127.0.0.1:{closed_port()}"))
    assert channel.status_detail == "No connection to 127.0.0.1 could be made. Waybill tries again by itself."
    assert waits_and_tries_again(channel)


def test_a_name_that_does_not_exist(connecting):
    channel = one_step(connecting(base_url="https://nowhere.invalid"))
    assert "nowhere.invalid" in channel.status_detail
    assert waits_and_tries_again(channel)


def test_a_vendor_without_a_safe_connection(connecting, whapi):
    channel = one_step(connecting(base_url=whapi.base_url.replace("http://", "https://")))
    assert channel.status_detail.startswith("A safe connection to 127.0.0.1 could not be made.")
    assert waits_and_tries_again(channel)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 200, "body": HTML, "headers": {"Content-Type": "text/html"}}, "A proxy may have answered"),
        ({"status": 502, "body": HTML, "headers": {"Content-Type": "text/html"}}, "502"),
        ({"status": 200, "body": "x" * 10_000_000}, "larger than"),
        ({"status": 200, "body": "[" * 5000}, "not what Whapi promises"),
        ({"then": "hang"}, "did not answer within"),
        ({"status": 200, "body": "x" * 5000, "drip_ms": 20}, "did not answer within"),
        ({"then": "reset"}, "broke before its answer"),
        ({"status": 429, "headers": {"Retry-After": "7"}, "body": {}}, "slow down"),
    ],
    ids=["a page of a proxy", "a proxy's error", "10 MB", "deep", "silence", "dripping", "reset", "too often"],
)
def test_an_answer_that_is_none(connecting, whapi, fault, words):
    channel = connecting()
    whapi.fault(match={"path": "/users/login"}, times=9, **fault)
    channel = one_step(channel)
    if channel.status != S.ERROR:  # which is for answers that will stay as they are
        assert waits_and_tries_again(channel)
        assert channel.status_detail.endswith("Waybill tries again by itself.")
    assert words in channel.status_detail
    assert "<" not in channel.status_detail


@pytest.mark.parametrize(
    ("token", "fault", "words"),
    [
        ("bad_token", None, "Check the token"),
        ("sim_trouble", {"status": 402, "body": {"error": "trial version limit exceeded"}}, "billing page"),
        ("sim_trouble", {"status": 403, "body": {"error": "not allowed"}}, "forbids"),
    ],
    ids=["wrong token", "trial used up", "forbidden"],
)
def test_a_refusal_says_what_to_do(connecting, whapi, token, fault, words):
    channel = connecting(token=token)
    if fault:
        whapi.fault(match={"path": "/users/login"}, times=9, **fault)
    perform(next(item for item in waiting_jobs(channel) if item.kind == jobs.CONNECT))
    channel.refresh_from_db()
    assert channel.status == S.ERROR
    assert words in channel.status_detail
    assert not [item for item in waiting_jobs(channel) if item.kind == jobs.CONNECT]


def test_after_the_trouble_it_goes_on_where_it_was(connecting, whapi, world):
    channel = connecting()
    whapi.fault(match={"path": "/users/login"}, times=1, then="reset")
    channel = one_step(channel)
    assert channel.status == S.CONNECTING
    for _ in range(3):
        channel = one_step(channel)
        if channel.status == S.QR_PENDING:
            break
    assert channel.status == S.QR_PENDING
    assert gateway.waiting_code(channel.pk, "qr")[0].startswith("data:image/png;base64,")
