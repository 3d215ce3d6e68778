"""The outbox over REST: who may see and operate it."""

import uuid

import pytest

from outbox.errors import GiveUp
from outbox.models import Item, Lane
from outbox.services import operating
from tests.support.outbox import HandRelay, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_member(client):
    def sign_in(member):
        client.force_login(member.user)
        return client

    return sign_in


def test_lanes_say_how_they_stand_and_why(as_member, world, lane, chat, provider):
    put(lane, chat, "one")
    operating.pause_lane(lane_id=lane.id, reason="Lunch")
    answer = as_member(world.ben).get("/api/v1/outbox/lanes").json()
    assert answer["next"] is None
    (shown,) = answer["results"]
    assert shown["id"] == str(lane.id)
    assert (shown["state"], shown["reason"], shown["waiting"]) == ("paused", "Lunch", 1)
    assert len(shown["sent_last_hour"]) == 60


def test_an_api_key_reads_lanes_too(client, world):
    assert client.get("/api/v1/outbox/lanes", **world.bearer()).status_code == 200
    assert client.get("/api/v1/outbox/lanes").status_code == 401


def test_an_admin_pauses_and_resumes_a_lane(as_member, world, lane):
    client = as_member(world.adam)
    url = f"/api/v1/outbox/lanes/{lane.id}"
    paused = client.post(f"{url}/pause", {"reason": "Lunch"}, content_type="application/json")
    assert (paused.status_code, paused.json()["state"]) == (200, "paused")
    operating.hold_lane(lane_id=lane.id, seconds=60, reason="Too many requests.")
    resumed = client.post(f"{url}/resume", {}, content_type="application/json")
    assert resumed.json()["state"] == "held"
    assert client.post(f"{url}/resume", {"now": True}, content_type="application/json").json()["state"] == "idle"


@pytest.mark.parametrize("who", ["ben", "vic"])
def test_agents_and_viewers_may_not_operate_lanes(as_member, world, lane, who):
    answer = as_member(getattr(world, who)).post(f"/api/v1/outbox/lanes/{lane.id}/pause")
    assert answer.status_code == 403
    assert not Lane.objects.get(pk=lane.pk).paused


def test_a_viewer_does_not_see_the_outbox(as_member, world):
    assert as_member(world.vic).get("/api/v1/outbox").status_code == 403
    assert as_member(world.vic).get("/api/v1/outbox/lanes").status_code == 403


def test_items_are_paged_newest_first_and_show_no_payload(as_member, world, lane, provider):
    items = [put(lane, uuid.uuid4(), f"secret {index}") for index in range(5)]
    client = as_member(world.ben)
    seen, url = [], "/api/v1/outbox?limit=2"
    while url:
        answer = client.get(url)
        assert "secret" not in answer.content.decode()
        seen += [row["id"] for row in answer.json()["results"]]
        url = answer.json()["next"] and f"/api/v1/outbox?limit=2&cursor={answer.json()['next']}"
    assert seen == [str(item.id) for item in reversed(items)]


def test_items_are_found_by_status_lane_and_kind(as_member, world, lane, chat, provider):
    provider.will("bad", GiveUp("no_such_number", "This number is not on WhatsApp."))
    put(lane, chat, "bad")
    sending = put(lane, chat, "sending")
    queued = put(lane, chat, "queued")
    relay = HandRelay()
    relay.look()
    relay.end("bad")
    client = as_member(world.ben)

    def found(query: str) -> list[dict]:
        return client.get(f"/api/v1/outbox?{query}").json()["results"]

    assert [row["id"] for row in found("status=sending")] == [str(sending.id)]
    assert [row["id"] for row in found("status=queued")] == [str(queued.id)]
    (failed,) = found("status=failed")
    assert failed["last_error"] == {"code": "no_such_number", "detail": "This number is not on WhatsApp."}
    assert len(found(f"lane={lane.id}&kind=test.send")) == 3
    assert found("kind=other") == []


@pytest.mark.parametrize("query", ["status=lost", "cursor=x", "lane=x", "limit=0", "limit=201"])
def test_a_wrong_question_is_refused_by_name(as_member, world, query):
    answer = as_member(world.ben).get(f"/api/v1/outbox?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [query.split("=")[0]]


def test_lists_need_the_same_queries_for_two_rows_and_for_forty(
    as_member, world, lane, provider, django_assert_max_num_queries
):
    client = as_member(world.ben)
    for rows in (2, 38):
        for index in range(rows):
            put(lane, uuid.uuid4(), f"{index}")
        with django_assert_max_num_queries(5):
            client.get("/api/v1/outbox")
        with django_assert_max_num_queries(8):
            client.get("/api/v1/outbox/lanes")


def test_the_outsider_finds_nothing_here(as_member, world, lane, chat, provider):
    put(lane, chat, "one")
    client = as_member(world.zoe)
    assert client.get("/api/v1/outbox").json()["results"] == []
    assert client.get(f"/api/v1/outbox?lane={lane.id}").status_code == 404
    assert [row["id"] for row in client.get("/api/v1/outbox/lanes").json()["results"]] == [str(world.zoes_channel.id)]
    for deed in ("pause", "resume"):
        assert client.post(f"/api/v1/outbox/lanes/{lane.id}/{deed}").status_code == 404
        assert client.post(f"/api/v1/outbox/lanes/{uuid.uuid4()}/{deed}").status_code == 404
    assert not Lane.objects.get(pk=lane.pk).paused
    assert Item.objects.filter(workspace=world.zoes).count() == 0
