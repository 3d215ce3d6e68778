"""A member's open inbox, as the browser holds it: a socket through the whole ASGI stack, with the session's cookie."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from config.asgi import application
from workspaces.models import Member, User

PATIENCE_SECONDS = 5
SILENCE_SECONDS = 0.4


class OpenInbox:
    def __init__(self, wire: WebsocketCommunicator, let_in: bool) -> None:
        self.wire = wire
        self.let_in = let_in

    async def hears(self, kind: str, **expected: Any) -> dict[str, Any]:
        """The next frame of this kind that has these values; others before it are let pass."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self.wire.receive_json_from(timeout=PATIENCE_SECONDS)
                if frame["type"] == kind and all(frame.get(name) == value for name, value in expected.items()):
                    return frame

    async def hears_nothing(self, *kinds: str) -> None:
        """No frame of these kinds within a moment; of no kind, when none is named."""
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                while True:
                    frame = await self.wire.receive_json_from(timeout=PATIENCE_SECONDS)
                    assert frame["type"] not in (kinds or {frame["type"]}), frame
        except TimeoutError:
            return

    async def opens(self, chat_id: Any) -> dict[str, Any]:
        await self.wire.send_json_to({"type": "open", "chat": str(chat_id)})
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self.wire.receive_json_from(timeout=PATIENCE_SECONDS)
                if frame["type"] in {"opened", "no-chat"}:
                    return frame

    async def is_closed_with(self) -> int:
        """The close code, once the server closes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                event = await self.wire.receive_output(timeout=PATIENCE_SECONDS)
                if event["type"] == "websocket.close":
                    return event["code"]


def wire_to(slug: str, user: User | None, *, origin: str = "http://testserver") -> WebsocketCommunicator:
    headers = [(b"host", b"testserver"), (b"origin", origin.encode())]
    if user is not None:
        browser = Client()
        browser.force_login(user)
        cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()))
    return WebsocketCommunicator(application, f"/ws/w/{slug}/inbox/", headers=headers)


@asynccontextmanager
async def knocking(slug: str, user: User | None, **options: Any) -> AsyncIterator[OpenInbox]:
    """Somebody who asks for the inbox of `slug`, whether they may or not."""
    wire = await sync_to_async(wire_to)(slug, user, **options)
    let_in, _ = await wire.connect(timeout=PATIENCE_SECONDS)
    try:
        yield OpenInbox(wire, let_in)
    finally:
        await wire.disconnect()


@asynccontextmanager
async def inbox_of(member: Member) -> AsyncIterator[OpenInbox]:
    async with knocking(member.workspace.slug, member.user) as inbox:
        await inbox.hears("hello")
        yield inbox
