"""Shared by the tests of ingestion: posting at the door, and applying what was stored."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels_app.models import Channel
from channels_app.selectors import channels as channel_selectors
from tests.support.world import WEBHOOK_SECRET


@pytest.fixture(autouse=True)
def _no_cached_targets():
    """Every test has channels of its own; what the door remembers of another test's must not answer for them."""
    channel_selectors._targets.clear()


@pytest.fixture
def post(client: Client) -> Callable[..., Any]:
    """Call the door as a provider does: `post(channel, body, suffix="", method="POST", secret=…)`."""

    def call(
        channel: Channel | uuid.UUID | str,
        body: Any,
        *,
        suffix: str = "",
        method: str = "POST",
        secret: str | None = WEBHOOK_SECRET,
        provider: str = "whapi",
    ):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {} if secret is None else {"X-Webhook-Secret": secret}
        url = f"/api/webhooks/{provider}/{getattr(channel, 'pk', channel)}{suffix}"
        return client.generic(method, url, raw, content_type="application/json", headers=headers)

    return call
