"""The door that providers call: every answer of the contract."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import psycopg
import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, InterfaceError, connection
from django.test import RequestFactory

from inbox.models import Message
from kernel.together import Unfinished
from tests.support.waiting import until
from tests.support.world import WEBHOOK_SECRET, make_world
from tests.webhooks.bodies import CHAT, messages, status, statuses, text
from webhooks.models import InboundEvent
from webhooks.services import applier, storing
from webhooks.services.applying import apply_pending
from webhooks.states import Result
from webhooks.views import receiving

MEGABYTE = 1024 * 1024


def said(response) -> str:
    """The sentence of a refusal."""
    detail = response.json()["detail"]
    assert detail.endswith(".")
    assert "\n" not in detail
    return detail


def test_a_body_is_stored_as_it_came_and_counted(world, post):
    raw = json.dumps(messages(text("a"), text("b"))).encode() + b"\n  "
    response = post(world.channel, raw)
    assert (response.status_code, response.json()) == (200, {"received": 2})
    event = InboundEvent.objects.get()
    assert bytes(event.body) == raw
    assert (event.workspace_id, event.channel_id) == (world.acme.pk, world.channel.pk)
    assert (event.result, event.method, event.suffix) == (Result.PENDING, "POST", "")


def test_connection_news_counts_as_one_item(world, post):
    response = post(world.channel, {"health": {"status": {"text": "AUTH"}}, "event": {"type": "channel"}})
    assert response.json() == {"received": 1}


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("suffix", ["/messages", "/messages/post", "/messages/messages"])
def test_method_and_path_modes_keep_verb_and_path(world, post, verb, suffix):
    assert post(world.channel, {"messages": []}, method=verb, suffix=suffix).status_code == 200
    event = InboundEvent.objects.get()
    assert (event.method, event.suffix) == (verb, suffix.strip("/"))


def test_a_path_that_no_database_could_hold_is_stored_cut(world, post):
    assert post(world.channel, {"messages": []}, suffix="/mess%00ages/" + "x" * 200).status_code == 200
    assert InboundEvent.objects.get().suffix.startswith("messages/xxx")


@pytest.mark.parametrize(
    ("verb", "suffix", "allowed"),
    [
        ("GET", "", "POST"),
        ("HEAD", "", "POST"),
        ("PUT", "", "POST"),
        ("OPTIONS", "", "POST"),
        ("GET", "/messages", "POST, PUT, PATCH, DELETE"),
        ("TRACE", "/messages/post", "POST, PUT, PATCH, DELETE"),
    ],
)
def test_other_verbs_are_405_and_name_the_right_ones(world, post, verb, suffix, allowed):
    response = post(world.channel, {}, method=verb, suffix=suffix)
    assert response.status_code == 405
    assert response["Allow"] == allowed
    assert not InboundEvent.objects.exclude(result=Result.REFUSED).exists()


def test_five_megabytes_are_taken_and_one_byte_more_is_413(world, post):
    frame = json.dumps(messages(text("big", ""))).encode()
    filled = frame.replace(b'"body": ""', b'"body": "%s"' % (b"x" * (5 * MEGABYTE - len(frame))))
    assert len(filled) == 5 * MEGABYTE
    assert post(world.channel, filled).status_code == 200
    response = post(world.channel, filled + b" ")
    assert response.status_code == 413
    assert "5 MB" in said(response)
    assert InboundEvent.objects.exclude(result=Result.REFUSED).count() == 1


class Endless(BytesIO):
    """A body without end that remembers how much of it was read."""

    taken = 0

    def read(self, size=-1):
        assert size > 0
        self.taken += min(size, 64 * 1024)
        return b"x" * min(size, 64 * 1024)


def request_for(world, **environ) -> WSGIRequest:
    factory = RequestFactory(headers={"X-Webhook-Secret": WEBHOOK_SECRET})
    request = factory.post(f"/api/webhooks/whapi/{world.channel.pk}", b"", content_type="application/json")
    return WSGIRequest({**request.environ, **environ})


def test_of_an_announced_length_over_the_limit_nothing_is_read(world):
    stream = Endless()
    request = request_for(world, **{"CONTENT_LENGTH": str(6 * MEGABYTE), "wsgi.input": stream})
    response = receiving.receive(request, provider="whapi", channel_id=str(world.channel.pk))
    assert (response.status_code, stream.taken) == (413, 0)


def test_a_chunked_body_is_read_one_byte_over_the_limit_and_no_further(world):
    stream = Endless()
    request = request_for(world, **{"CONTENT_LENGTH": "", "wsgi.input": stream, "wsgi.input_terminated": True})
    response = receiving.receive(request, provider="whapi", channel_id=str(world.channel.pk))
    assert response.status_code == 413
    assert stream.taken == 5 * MEGABYTE + 1


def test_a_chunked_body_within_the_limit_is_stored(world):
    stream = BytesIO(json.dumps(messages(text("a"))).encode())
    request = request_for(world, **{"CONTENT_LENGTH": "", "wsgi.input": stream, "wsgi.input_terminated": True})
    response = receiving.receive(request, provider="whapi", channel_id=str(world.channel.pk))
    assert response.status_code == 200
    assert json.loads(bytes(InboundEvent.objects.get().body))["messages"][0]["id"] == "a"


@pytest.mark.parametrize("secret", [None, "", "wrong", WEBHOOK_SECRET + "x", "sécret"])
def test_a_wrong_or_missing_secret_is_401(world, post, secret):
    response = post(world.channel, messages(text("a")), secret=secret)
    assert response.status_code == 401
    assert "X-Webhook-Secret" in said(response)
    assert WEBHOOK_SECRET not in response.content.decode()


def test_a_channel_without_a_secret_takes_nothing(world, post):
    world.channel.webhook_secret_digest = ""
    world.channel.save()
    assert post(world.channel, messages(text("a")), secret="").status_code == 401


def test_zoes_secret_does_not_open_acmes_door(world, post):
    world.zoes_channel.webhook_secret_digest = "0" * 64
    world.zoes_channel.save()
    assert post(world.zoes_channel, messages(text("a"))).status_code == 401


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"hello", b'{"a": }', b"\xff\xfe{}", b'{"a": "\xff"}', b'{"messages": [1]} trailing']
)
def test_what_is_not_json_is_400(world, post, raw):
    response = post(world.channel, raw)
    assert response.status_code == 400
    assert "JSON" in said(response)


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"1", b"null", b"true", b"[" * 10_000 + b"]" * 10_000])
def test_json_that_is_no_object_is_400(world, post, raw):
    response = post(world.channel, raw)
    assert response.status_code == 400
    assert "object" in said(response)


def test_an_unknown_or_removed_channel_is_404(world, post):
    for missing in ("0190aaaa-0000-7000-8000-000000000000", "nonsense", "%00"):
        response = post(missing, messages(text("a")))
        assert response.status_code == 404
        assert "channel" in said(response)
    world.channel.removed_at = world.channel.created_at
    world.channel.save()
    assert post(world.channel, messages(text("a"))).status_code == 404


def test_the_url_of_another_vendor_is_404(world, post):
    for provider in ("cloud", "nobody"):
        assert post(world.channel, messages(text("a")), provider=provider).status_code == 404


def test_the_secret_is_checked_before_the_body_and_the_size_before_the_secret(world, post):
    assert post(world.channel, b"{", secret="wrong").status_code == 401
    assert post(world.channel, b"x" * (5 * MEGABYTE + 1), secret="wrong").status_code == 413
    assert post("nonsense", b"{", secret="wrong").status_code == 404


def test_refusals_are_counted_per_channel_rule_and_hour_without_their_bodies(world, post):
    for _ in range(3):
        post(world.channel, b"{")
    post(world.channel, {}, secret="wrong")
    post(world.zoes_channel, b"{")
    post("nonsense", b"{")
    rows = InboundEvent.objects.order_by("channel_id", "kind")
    assert {(row.channel_id, row.kind, row.attempts) for row in rows} == {
        (world.channel.pk, "not_json", 3),
        (world.channel.pk, "not_proven", 1),
        (world.zoes_channel.pk, "not_json", 1),
        (storing.NOBODY, "unknown_channel", 1),
    }
    assert {row.result for row in rows} == {Result.REFUSED}
    assert not any(bytes(row.body) for row in rows)
    assert all(row.reason and row.received_at.minute == 0 for row in rows)
    assert {row.workspace_id for row in rows} == {world.acme.pk, world.zoes.pk, storing.NOBODY}
    assert apply_pending() == 0


def test_a_refusal_is_answered_also_when_it_cannot_be_counted(world, post, monkeypatch):
    monkeypatch.setattr(storing, "_COUNT_REFUSAL", "SELECT 1/0, %s, %s, %s, %s, %s, %s")
    assert post(world.channel, b"{").status_code == 400
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("trouble", [DatabaseError("away"), InterfaceError("closed"), Unfinished()])
def test_when_the_database_cannot_take_it_nobody_is_told_200(world, post, monkeypatch, trouble):
    def away(**_):
        raise trouble

    monkeypatch.setattr(receiving, "store", away)
    response = post(world.channel, messages(text("a")))
    assert response.status_code == 503
    assert "Send it again" in said(response)


def test_a_deeply_nested_object_is_kept_and_parked_with_the_reason(world, post):
    deep = b'{"messages": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    assert post(world.channel, deep).status_code == 200
    assert post(world.channel, messages(text("a"))).status_code == 200
    apply_pending()
    assert InboundEvent.objects.order_by("id").first().result == Result.PARKED
    assert InboundEvent.objects.order_by("id").first().reason.endswith(".")
    assert Message.objects.get().wa_message_id == "a"


def test_what_postgresql_cannot_hold_is_left_out_of_the_text_and_kept_in_the_log(world, post):
    raw = json.dumps(messages(text("a", "x"))).replace('"x"', r'"a\u0000b\ud800c\ud83d\ude00"').encode()
    assert post(world.channel, raw).status_code == 200
    apply_pending()
    assert Message.objects.get().text == "abc😀"
    assert bytes(InboundEvent.objects.get().body) == raw


def test_a_stored_webhook_costs_one_insert_once_the_channel_is_known(
    world, post, django_assert_num_queries, monkeypatch
):
    inserts = []
    execute = storing._execute
    monkeypatch.setattr(storing, "_execute", lambda rows: (inserts.append(len(rows)), execute(rows)))
    post(world.channel, messages(text("a")))
    with django_assert_num_queries(0):
        assert post(world.channel, messages(text("b"))).status_code == 200
    assert inserts == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_webhooks_that_come_at_the_same_moment_share_a_commit_and_each_is_kept(world, monkeypatch):
    monkeypatch.setattr(applier, "wake", lambda: None)
    inserts, all_here = [], threading.Event()
    execute = storing._execute

    def slow(rows: Sequence[tuple]) -> None:
        inserts.append(len(rows))
        assert all_here.wait(10)
        execute(rows)

    def store(number: int) -> None:
        try:
            storing.store(
                workspace_id=world.acme.pk, channel_id=world.channel.pk, method="POST", suffix="", body=b"%d" % number
            )
        finally:
            connection.close()

    monkeypatch.setattr(storing, "_execute", slow)
    with ThreadPoolExecutor(8) as pool:
        stored = [pool.submit(store, number) for number in range(8)]
        until(lambda: len(inserts) == 1 and len(storing._together._waiting) == 7)
        all_here.set()
        for one in stored:
            one.result(10)
    assert inserts == [1, 7]
    assert sorted(bytes(event.body) for event in InboundEvent.objects.all()) == [b"%d" % number for number in range(8)]


def test_nobody_needs_a_session_or_a_csrf_token_and_none_is_given(world, client):
    client.handler.enforce_csrf_checks = True
    response = client.post(
        f"/api/webhooks/whapi/{world.channel.pk}",
        messages(text("a")),
        content_type="application/json",
        headers={"X-Webhook-Secret": WEBHOOK_SECRET},
    )
    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.django_db(transaction=True)
def test_the_same_webhook_on_two_workers_at_once_is_one_message_and_two_answers(post, client):
    world = make_world()
    together = threading.Barrier(8)

    def deliver(_):
        together.wait()
        try:
            return post(world.channel, messages(text("twice"))).status_code
        finally:
            connection.close()

    def apply(_):
        together.wait()
        try:
            return apply_pending()
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(deliver, range(8))) == [200] * 8
            assert sum(pool.map(apply, range(8))) <= 8
    finally:
        applier.stop()
    apply_pending()
    assert InboundEvent.objects.filter(result=Result.APPLIED).count() == 8
    assert Message.objects.get().wa_message_id == "twice"


@pytest.mark.django_db(transaction=True)
def test_a_stored_webhook_is_applied_within_moments_by_the_process_itself(post):
    world = make_world()
    done = threading.Event()
    try:
        post(world.channel, messages(text("a")))
        post(world.channel, statuses(status("a", "read")))
        for _ in range(200):
            if not InboundEvent.objects.filter(result=Result.PENDING).exists():
                break
            done.wait(0.02)
    finally:
        applier.stop()
    assert Message.objects.get().chat.wa_chat_id == CHAT


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_since_the_last_request_costs_nobody_a_webhook(world, post, monkeypatch):
    monkeypatch.setattr(applier, "wake", lambda: None)
    assert post(world.channel, messages(text("a"))).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    with psycopg.connect(**_server()) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    assert post(world.channel, messages(text("b"))).status_code == 200
    assert InboundEvent.objects.count() == 2


def _server() -> dict:
    params = connection.get_connection_params()
    return {name: params[name] for name in ("dbname", "user", "password", "host", "port") if params.get(name)}
