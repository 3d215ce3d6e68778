"""A short run under fire with a fixed seed, and a judge that is shown to find each kind of mistake."""

import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.chaos.__main__ import plan_of
from tests.acceptance.chaos.judging import Evidence, judge
from tests.acceptance.chaos.plan import Chat, Number
from tests.acceptance.chaos.traffic import Said, Written

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 20261121
CHAT = Chat(Number("channel", "sim_one", "15550109000", "secret"), "15550101000")

pytestmark = pytest.mark.acceptance


@pytest.mark.timeout(300)
def test_under_fire_nothing_is_lost_repeated_or_out_of_order():
    run = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.acceptance.chaos"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}",
            "MINUTES": "0.35",
            "SEED": str(SEED),
            "CHANNELS": "10",
            "QUIET_SECONDS": "90",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        told, _ = run.communicate(timeout=240)
    finally:
        run.terminate()  # it takes its programs with it
        run.wait(30)
    assert run.returncode == 0, told
    assert f"Seed {SEED}" in told
    assert "SIGKILL" in told, "nothing was killed; this proved nothing"
    assert "PostgreSQL restarts" in told
    zeros = "lost 0, silently repeated 0, order inversions 0, cap violations 0, unresolved 0"
    assert told.rstrip().endswith(zeros)


def test_five_minutes_of_it_stand_before_every_change():
    """And pytest has the last word."""
    steps = re.findall(r"^make (\w+)(?: (\S+))?", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert steps == [("lint", ""), ("chaos", "MINUTES=5"), ("test", "")]


def evidence() -> Evidence:
    """Two messages of ours and one of a customer's, all well."""

    def request(text: str, at: float) -> dict:
        body = {"to": CHAT.customer, "body": text}
        return {"channel_id": "SIM", "at": at, "answered_at": at + 0.1, "accepted": True, "body": body}

    def message(name: str, text: str, direction: str, status: str) -> dict:
        where = {
            "channel_id": "channel",
            "wa_chat_id": f"{CHAT.customer}@s.whatsapp.net",
            "wa_message_id": f"wa-{name}",
        }
        return {"id": name, "direction": direction, "status": status, "error_code": "", "text": text, **where}

    def attempt(text: str, at: float) -> dict:
        return {"text": text, "cap": 4, "outcome": "sent", "started_at": at - 0.01, "until": at + 0.11}

    texts = {"a": "first", "b": "second"}
    return Evidence(
        written=[Written(CHAT, place, text, name) for place, (name, text) in enumerate(texts.items())],
        said=[Said(CHAT, "hello", "wa-in")],
        retried=set(),
        requests=[request("first", 10), request("second", 20)],
        existing=[{"id": f"wa-{name}", "type": "text", "text": {"body": text}} for name, text in texts.items()],
        messages=[
            *(message(name, text, "outbound", "read") for name, text in texts.items()),
            message("in", "hello", "inbound", "received"),
        ],
        items=[{"text": text, "state": "sent", "waiting": False} for text in texts.values()],
        attempts=[attempt("first", 10), attempt("second", 20)],
        events=[],
    )


def test_a_clean_run_is_judged_clean():
    verdict = judge(evidence())
    assert verdict.clean, verdict.report()
    assert (verdict.sent, verdict.received) == (2, 1)


def never_reached(found: Evidence) -> None:
    del found.requests[0]


def not_in_the_inbox(found: Evidence) -> None:
    del found.messages[2]


def in_the_inbox_twice(found: Evidence) -> None:
    found.messages.append(found.messages[2])


def anothers_id(found: Evidence) -> None:
    found.messages[0]["wa_message_id"] = "wa-b"


def repeated(found: Evidence) -> None:
    found.requests.append(copy.deepcopy(found.requests[0]))


def a_second_bubble(found: Evidence) -> None:
    found.messages.append({**found.messages[0], "id": "echo"})


def the_other_way_round(found: Evidence) -> None:
    found.requests.reverse()


def at_the_same_time(found: Evidence) -> None:
    found.requests[0]["answered_at"] = 21
    found.attempts[0]["until"] = 21


def more_than_the_cap(found: Evidence) -> None:
    at_the_same_time(found)
    found.requests[1]["body"]["to"] = "15550101001"
    for attempt in found.attempts:
        attempt["cap"] = 1


def without_an_attempt(found: Evidence) -> None:
    del found.attempts[0]


def still_waiting(found: Evidence) -> None:
    found.items[0] |= {"state": "queued", "waiting": True}


def a_lost_report(found: Evidence) -> None:
    found.messages[0]["status"] = "delivered"


def failed_without_a_reason(found: Evidence) -> None:
    found.messages[0]["status"] = "failed"
    del found.requests[0]


def a_parked_webhook(found: Evidence) -> None:
    found.events.append({"number": 1, "result": "parked", "reason": "why"})


@pytest.mark.parametrize(
    ("spoil", "verdict"),
    [
        (never_reached, "lost"),
        (not_in_the_inbox, "lost"),
        (in_the_inbox_twice, "lost"),
        (anothers_id, "lost"),
        (repeated, "repeated"),
        (a_second_bubble, "repeated"),
        (the_other_way_round, "inverted"),
        (at_the_same_time, "over_cap"),
        (more_than_the_cap, "over_cap"),
        (without_an_attempt, "over_cap"),
        (still_waiting, "unresolved"),
        (a_lost_report, "unresolved"),
        (failed_without_a_reason, "unresolved"),
        (a_parked_webhook, "unresolved"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_the_judge_finds(spoil, verdict):
    found = evidence()
    spoil(found)
    assert getattr(judge(found), verdict)


@pytest.mark.parametrize("env", [{"MINUTES": "soon"}, {"MINUTES": "0"}, {"MINUTES": "9999"}, {"CHANNELS": "0"}])
def test_a_run_that_makes_no_sense_is_refused_in_one_sentence(env):
    with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
        plan_of(env)
