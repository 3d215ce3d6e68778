"""What load balancers, Prometheus and the doctor are told."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from config import checks
from outbox.models import Item, Lane, Worker
from tests.support.world import make_member
from webhooks.models import InboundEvent
from workspaces.models import User
from workspaces.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def relay(db) -> Worker:
    return Worker.objects.create(name="relay", lease_until=timezone.now() + timedelta(seconds=30))


def wait_in(lane: Lane, minutes: int, **values) -> Item:
    return Item.objects.create(
        workspace=lane.workspace,
        lane=lane,
        order_key=lane.pk,
        seq=1,
        kind="demo",
        payload={},
        due_at=timezone.now() - timedelta(minutes=minutes),
        **values,
    )


def lane_of(world) -> Lane:
    return Lane.objects.get(pk=world.channel.pk)


def test_the_process_says_that_it_lives_and_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_ready_names_every_check(client, relay):
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.json()
    assert list(answer.json()["checks"]) == ["database", "migrations", "relay", "outbox", "inbound", "layer"]
    assert all(check["ok"] for check in answer.json()["checks"].values())


def test_a_relay_whose_lease_ran_out_does_not_count(client, relay, world):
    Worker.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    wait_in(lane_of(world), minutes=6)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["relay"] == {"ok": False, "detail": "none running"}


def test_without_a_relay_all_is_well_as_long_as_cron_keeps_up(client, world):
    wait_in(lane_of(world), minutes=2)
    assert client.get("/readyz").json()["checks"]["relay"]["ok"]


def test_an_item_that_waits_too_long_is_said(client, relay, world):
    wait_in(lane_of(world), minutes=6)
    assert not client.get("/readyz").json()["checks"]["outbox"]["ok"]


@pytest.mark.parametrize(
    "hold",
    [{"paused": True}, {"closed": True}, {"not_before": timezone.now() + timedelta(hours=1)}],
    ids=["paused", "closed", "throttled"],
)
def test_what_waits_in_a_lane_on_hold_waits_rightly(client, relay, world, hold):
    wait_in(lane_of(world), minutes=60)
    Lane.objects.filter(pk=world.channel.pk).update(**hold)
    assert client.get("/readyz").status_code == 200


def test_webhooks_that_nobody_applies_are_said(client, relay, world):
    InboundEvent.objects.create(
        workspace_id=world.acme.pk,
        channel_id=world.channel.pk,
        body=b"{}",
        received_at=timezone.now() - timedelta(minutes=3),
    )
    assert not client.get("/readyz").json()["checks"]["inbound"]["ok"]


def test_a_database_that_is_gone_is_a_finding_and_no_crash(client, monkeypatch):
    def gone():
        raise OperationalError("the connection is closed; password=hunter2")

    monkeypatch.setattr(checks, "READINESS", {"database": gone})
    monkeypatch.setattr(checks.findings, "__defaults__", ({"database": gone},))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "hunter2" not in answer.content.decode()


def test_metrics_are_for_whoever_brings_the_token(client, settings, world):
    settings.METRICS_TOKEN = "right"
    wait_in(lane_of(world), minutes=1)
    answer = client.get("/metrics", HTTP_AUTHORIZATION="Bearer right")
    assert answer.status_code == 200
    assert b"waybill_outbox_waiting_items 1.0" in answer.content
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong").status_code == 401


def test_without_a_token_set_no_token_opens_the_metrics(client, settings):
    settings.METRICS_TOKEN = ""
    for header in ("Bearer ", "Bearer", "", "Bearer x"):
        assert client.get("/metrics", HTTP_AUTHORIZATION=header).status_code == 401


def test_staff_may_read_the_metrics_and_a_member_may_not(client, world):
    client.force_login(User.objects.create_superuser("root@example.com", "x", name="Root"))
    assert client.get("/metrics").status_code == 200
    client.force_login(world.ana.user)
    assert client.get("/metrics").status_code == 401
    client.force_login(make_member(world.zoes, "Zed Outsider", Role.ADMIN).user)
    assert client.get("/metrics").status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_is_only_read(client, path):
    assert client.post(path).status_code == 405
