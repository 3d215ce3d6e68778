"""Webhooks pass the middleware by; nothing else does."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, StringIO

import pytest
from asgiref.sync import sync_to_async
from django.core.signals import request_started
from django.db import connection, connections

from config import bare_webhooks
from config.wsgi import application
from tests.support.world import WEBHOOK_SECRET
from webhooks.services import applier
from webhooks.views import receiving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def path(world) -> Iterator[str]:
    yield f"/api/webhooks/whapi/{world.channel.pk}"
    applier.stop()


def test_a_webhook_is_answered_without_the_middleware_of_pages(client, path):
    answer = client.post(path, b"{}", content_type="application/json", HTTP_X_WEBHOOK_SECRET=WEBHOOK_SECRET)
    assert (answer.status_code, answer.json()) == (200, {"received": 1})
    assert "Content-Security-Policy" not in answer
    assert answer.cookies == {}


def test_pages_and_the_api_keep_theirs(client):
    for page in ("/sign-in/", "/healthz", "/api/v1/chats"):
        assert "Content-Security-Policy" in client.get(page)


@pytest.mark.parametrize("path", ["/api/webhooks/", "/api/webhooks/whapi", "/api/webhooks"])
def test_what_is_no_webhook_url_is_not_found(client, path):
    assert client.post(path, b"{}", content_type="application/json").status_code == 404


def test_a_crash_of_the_view_is_a_plain_500(client, path, monkeypatch):
    def broken(request):
        raise RuntimeError("token=hunter2")

    monkeypatch.setattr(bare_webhooks, "answer", broken)
    client.raise_request_exception = False
    answer = client.post(path, b"{}", content_type="application/json")
    assert answer.status_code == 500
    assert "hunter2" not in answer.content.decode()


@pytest.mark.asyncio
async def test_the_same_holds_under_an_asgi_server(async_client):
    answer = await async_client.post(f"/api/webhooks/whapi/{uuid.uuid4()}", b"{}", content_type="application/json")
    assert answer.status_code == 404
    assert "Content-Security-Policy" not in answer
    assert "Content-Security-Policy" in await async_client.get("/healthz")
    await sync_to_async(connections.close_all)()  # those of the thread which ran the view


def test_under_a_wsgi_server_webhooks_pass_by_the_signals_of_a_request_and_pages_do_not(path):
    heard = []
    request_started.connect(
        lambda **about: heard.append(about["environ"]["PATH_INFO"]), weak=False, dispatch_uid="test"
    )
    try:
        assert _through_wsgi(path, b"{}") == ("200 OK", b'{"received": 1}')
        assert _through_wsgi("/api/webhooks/whapi/nowhere", b"{}")[0] == "404 Not Found"
        assert _through_wsgi("/no-such-page/")[0] == "404 Not Found"
    finally:
        request_started.disconnect(dispatch_uid="test")
    assert heard == ["/no-such-page/"]


def test_under_a_wsgi_server_a_crash_of_the_view_is_a_plain_500(path, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("token=hunter2")

    monkeypatch.setattr(receiving, "_read_body", broken)
    status, content = _through_wsgi(path, b"{}")
    assert status == "500 Internal Server Error"
    assert b"hunter2" not in content


def test_a_webhook_that_another_thread_stores_takes_no_connection_of_its_own(path, monkeypatch):
    assert _through_wsgi(path, b"{}")[0] == "200 OK"  # now its channel is known
    monkeypatch.setattr(receiving, "store", lambda **_: None)
    with ThreadPoolExecutor(1) as pool:
        answered = pool.submit(lambda: (_through_wsgi(path, b"{}")[0], connection.connection))
        assert answered.result(10) == ("200 OK", None)


def _through_wsgi(path: str, body: bytes = b"") -> tuple[str, bytes]:
    statuses = []
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": path,
        "HTTP_HOST": "testserver",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_X_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": StringIO(),
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
    }
    answer = application(environ, lambda status, headers: statuses.append(status))
    return statuses[0], b"".join(answer)
