"""The URL that drains the outbox for hosts that run no processes of their own."""

from dataclasses import dataclass

import pytest

from config import cron

PATH = "/api/cron/process-outbox"
KEYS = {"sent", "failed", "retried", "uncertain", "remaining", "paused_lanes"}

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Report:
    sent: int = 3

    def as_dict(self) -> dict[str, int]:
        return {"sent": self.sent}


def test_whoever_brings_the_secret_gets_the_report(client, settings, world):
    settings.CRON_SECRET = "right"
    answer = client.post(PATH, HTTP_AUTHORIZATION="Bearer right")
    assert answer.status_code == 200
    assert set(answer.json()) == KEYS
    assert answer.json()["sent"] == 0


def test_it_runs_the_very_function_of_the_relay_for_a_bounded_time(client, settings, monkeypatch):
    settings.CRON_SECRET = "right"
    asked = []
    monkeypatch.setattr(cron, "drain_once", lambda **options: asked.append(options) or Report())
    assert client.post(PATH, HTTP_AUTHORIZATION="Bearer right").json() == {"sent": 3}
    assert asked == [{"max_seconds": cron.CRON_MAX_SECONDS}]


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Bearer", "Basic right", "right", "Bearer rightt", "Bearer é"])
def test_any_other_secret_is_refused(client, settings, monkeypatch, header):
    settings.CRON_SECRET = "right"
    monkeypatch.setattr(cron, "drain_once", lambda **_: pytest.fail("drained for a stranger"))
    answer = client.post(PATH, HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert "right" not in answer.content.decode()


def test_a_member_is_no_cron(client, settings, world):
    settings.CRON_SECRET = "right"
    client.force_login(world.ana.user)
    assert client.post(PATH).status_code == 401


def test_without_a_secret_set_the_url_is_closed(client, settings):
    settings.CRON_SECRET = ""
    for header in ("", "Bearer ", "Bearer x"):
        answer = client.post(PATH, HTTP_AUTHORIZATION=header)
        assert answer.status_code == 503
        assert answer["Content-Type"] == "application/problem+json"
        assert "CRON_SECRET" in answer.json()["detail"]


def test_it_is_posted_to(client, settings):
    settings.CRON_SECRET = "right"
    assert client.get(PATH, HTTP_AUTHORIZATION="Bearer right").status_code == 405
