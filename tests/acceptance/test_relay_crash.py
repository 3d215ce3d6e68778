"""Real relay processes, killed in the middle of sending: nothing is lost and nothing comes twice."""

import http.server
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from django.db import connection, transaction

from outbox.models import Attempt, Item, Lane
from outbox.registry import Accepted, Kind, register
from outbox.services.enqueuing import NewItem, enqueue_many
from outbox.states import ItemState
from tests.support.courier.apps import COURIER
from tests.support.outbox import assert_cap_held, wait_until
from tests.support.sabotage import index_dropped

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 20260105
LEASE_SECONDS = 3


class Judge(http.server.ThreadingHTTPServer):
    """The provider: notes every arrival and every overlap within a chat, takes its time, answers, can be asked."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: list[tuple[str, str]] = []
        self.guard = threading.Lock()
        self.seconds = 0.03
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request, client_address) -> None:
        """A killed relay leaves broken connections behind; that is what the tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Judge

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        chat, text = (body.split('"')[index] for index in (3, 7))
        with self.server.guard:
            self.server.arrived.append((chat, text))
        time.sleep(self.server.seconds)
        self._answer(200, f"wa-{text}")

    def do_GET(self) -> None:
        text = self.path.strip("/")
        known = any(one == text for _, one in self.server.arrived)
        self._answer(200 if known else 404, f"wa-{text}")

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args) -> None:
        """Quiet."""


@pytest.fixture
def judge():
    judge = Judge()
    yield judge
    judge.shutdown()
    judge.server_close()


@pytest.fixture
def relays():
    """Starts relay processes; whatever still runs at the end of the test is killed."""
    running: list[subprocess.Popen] = []

    def start(*options: str) -> subprocess.Popen:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.support.courier.settings",
            "RELAY_TEST_DATABASE": connection.settings_dict["NAME"],
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}",
            "OUTBOX_LEASE_SECONDS": str(LEASE_SECONDS),
            "OUTBOX_UNCERTAIN_WAIT_SECONDS": "6",
            "OUTBOX_SENDER_THREADS": "8",
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "drain_outbox", *(options or ["--follow"])],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def fill(world, judge: Judge, *, chats: int, each: int) -> dict[str, list[str]]:
    """Messages in two lanes, interleaved over chats. Returns the texts per chat in their order."""
    register(Kind(COURIER, lambda job: Accepted(), lambda settled: None))
    lanes = [Lane.objects.get(pk=world.channel.id), Lane.objects.get(pk=world.zoes_channel.id)]
    keys = [uuid.uuid4() for _ in range(chats)]
    expected: dict[str, list[str]] = defaultdict(list)
    news = []
    for number in range(each):
        for index, key in enumerate(keys):
            lane = lanes[index % 2]
            text = f"{index}-{number}"
            expected[str(key)].append(text)
            payload = {"url": judge.url, "text": text}
            news.append(NewItem(lane.workspace_id, lane.id, key, COURIER, payload))
    with transaction.atomic():
        enqueue_many(news)
    return expected


def assert_judgement(judge: Judge, expected: dict[str, list[str]]) -> None:
    """What the provider saw: everything that is called sent, once, in the order of its chat, and nothing else."""
    twice = {text: number for text, number in Counter(text for _, text in judge.arrived).items() if number > 1}
    assert not twice, f"sent twice: {twice}"
    for chat, texts in expected.items():
        seen = [text for key, text in judge.arrived if key == chat]
        assert seen == [text for text in texts if text in seen], f"out of order in {chat}"
    arrived = {text for _, text in judge.arrived}
    for item in Item.objects.all():
        if item.payload["text"] in arrived:
            assert item.state == ItemState.SENT, f"{item.payload} arrived but is {item.state}"
        else:
            assert item.state == ItemState.UNCERTAIN, f"{item.payload} never arrived but is {item.state}"
            assert item.tries.exists()


def test_relays_that_are_killed_in_mid_send_lose_nothing_and_double_nothing(world, judge, relays):
    luck = random.Random(SEED)
    expected = fill(world, judge, chats=12, each=20)
    total = 240
    processes = [relays(), relays()]
    for kill in range(3):
        wait_until(lambda kill=kill: len(judge.arrived) >= (kill + 1) * 50, 60, "sending goes on")
        victim = processes.pop(luck.randrange(len(processes)))
        victim.send_signal(signal.SIGKILL)
        victim.wait(10)
        processes.append(relays())
    wait_until(lambda: not Item.objects.filter(open=True).exists(), 90, "everything is resolved")
    assert_judgement(judge, expected)
    assert Item.objects.count() == total
    assert Attempt.objects.filter(error_code="worker_lost").exists(), "no kill hit an open attempt; this proved nothing"
    for lane in Lane.objects.all():
        assert_cap_held(lane)


def test_a_relay_that_froze_longer_than_its_lease_sends_nothing_it_no_longer_owns(world, judge, relays):
    expected = fill(world, judge, chats=8, each=12)
    first = relays()
    wait_until(lambda: len(judge.arrived) >= 10, 60)
    first.send_signal(signal.SIGSTOP)
    second = relays()
    try:
        wait_until(lambda: len(judge.arrived) >= 60, 60, "the neighbour took over")
    finally:
        first.send_signal(signal.SIGCONT)
    wait_until(lambda: not Item.objects.filter(open=True).exists(), 60)
    assert_judgement(judge, expected)
    assert second.poll() is None
    assert first.poll() is None, "the frozen one came back as a new worker"


def test_without_its_guards_the_same_judge_sees_messages_twice(world, judge, relays, monkeypatch):
    """No fence and no unique index: the frozen one goes on with what is another's by now."""
    monkeypatch.setenv("COURIER_SABOTAGE", "without_fence without_one_open_per_chat")
    judge.seconds = 0.15
    with index_dropped(), pytest.raises(AssertionError, match=r"sent twice|out of order"):
        test_a_relay_that_froze_longer_than_its_lease_sends_nothing_it_no_longer_owns(world, judge, relays)


def test_sigterm_ends_what_is_under_way_and_hands_the_lanes_over(world, judge, relays):
    judge.seconds = 0.2
    expected = fill(world, judge, chats=8, each=3)
    relay = relays()
    wait_until(lambda: len(judge.arrived) >= 8, 60)
    relay.send_signal(signal.SIGTERM)
    output, _ = relay.communicate(timeout=20)
    assert relay.returncode == 0, output
    assert not Attempt.objects.exclude(outcome="sent").exists()
    assert not Lane.objects.filter(owner__isnull=False).exists()
    assert Item.objects.filter(state=ItemState.SENT).count() == len(judge.arrived)
    relays()
    wait_until(lambda: not Item.objects.filter(open=True).exists(), 60)
    assert_judgement(judge, expected)


def test_cron_drains_once_and_prints_what_it_did(world, judge, relays):
    expected = fill(world, judge, chats=4, each=2)
    output, _ = relays("--once", "--max-seconds", "30").communicate(timeout=60)
    assert '"sent": 8' in output
    assert '"remaining": 0' in output
    assert_judgement(judge, expected)
