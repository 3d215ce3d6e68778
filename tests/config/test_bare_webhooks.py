"""Webhooks pass the middleware by; nothing else does."""

import uuid
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from config import bare_webhooks
from tests.support.world import WEBHOOK_SECRET
from webhooks.services import applier

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
