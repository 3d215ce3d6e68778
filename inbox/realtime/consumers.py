"""The doorman of the inbox: lets a member in, joins the groups they may read, forwards frames."""

import asyncio
import time
import uuid
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user

from channels_app.models import ChannelTeam
from channels_app.models.restriction import hidden_channels
from inbox.access import chat_for, chats_visible_to
from inbox.realtime.groups import channel_group, chat_group, member_group, watchers, workspace_group
from inbox.realtime.listener import ensure_listener
from inbox.realtime.notifier import notifier
from inbox.realtime.numbering import Gaps
from inbox.realtime.pokes import Poke
from inbox.services.showing_typing import show_typing
from kernel.clock import now
from kernel.errors import NotFound
from workspaces.access import member_for
from workspaces.models import Member
from workspaces.roles import Permission
from workspaces.selectors.languages import language_of

SIGNED_OUT = 4401
NO_LONGER_A_MEMBER = 4403
NOT_YOURS = 4404
"""Close codes (RFC 6455 §7.4.2: 4000 to 4999 are private). The page does not try again after one of these."""


TYPING_SECONDS = 2.0

TRUSTED_SECONDS = 30.0
"""A socket that says nothing hears frames for this long before its session and membership are looked at again."""


class SignedOut(Exception):
    """The session is gone: signed out, expired, or the password changed."""


class InboxConsumer(AsyncJsonWebsocketConsumer):
    """Hears {"type": "open", "chat": id or null}, {"type": "typing", "on": bool, "mode": message | note | edit} and
    {"type": "ping"}; tells what realtime/frames.py makes. Who is in a chat is known to the sockets alone: each says so
    when it comes, when somebody else comes, and with every ping; the pages forget whoever has been silent for a while.
    """

    member: Member | None = None
    language = settings.LANGUAGE_CODE

    async def connect(self) -> None:
        self.joined: list[str] = []
        self.chat: str | None = None
        self.chat_id: uuid.UUID | None = None
        self.trusted_until = time.monotonic() + TRUSTED_SECONDS
        self.gaps = Gaps()
        self.doing = "views"
        self.typing_told = 0.0
        await self.accept()
        try:
            self.member = await self._member()
        except SignedOut:
            return await self.close(SIGNED_OUT)
        except NotFound:
            return await self.close(NOT_YOURS)
        accepted = dict(self.scope["headers"]).get(b"accept-language", b"").decode("latin-1")
        self.language = language_of(self.member.user, accepted)  # as long as the socket: choosing loads the page anew
        listener = ensure_listener(asyncio.get_running_loop())
        if listener is not None:
            await asyncio.to_thread(listener.listening.wait, 5)
        await self._join(workspace_group(self.member.workspace_id))
        await self._join(member_group(self.member.id))
        await self._look()
        await self.send_json({"type": "hello", "at": now().isoformat()})

    async def disconnect(self, code: int) -> None:
        for group in list(self.joined):
            await self._leave(group)
        self._tell_left()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Frames go straight on; Channels would visit a thread to look after database connections, per socket."""
        if message["type"] == "frame":
            await self.frame(message)
        else:
            await super().dispatch(message)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        if self.member is None or not isinstance(content, dict):
            return
        if not await self._may_stay():
            return
        match content.get("type"):
            case "open":
                await self._open(content.get("chat"))
            case "typing":
                await self._typing(content.get("on") is True, to_customer=content.get("mode") == "message")
            case "ping":
                self._tell_company(self.doing)
                await self._stay()
                await self.send_json({"type": "pong"})

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        try:
            return await super().decode_json(text_data)
        except ValueError:
            return None

    async def frame(self, event: dict[str, Any]) -> None:
        """A frame of a group. After a gap everything is asked for anew, and the frame itself is not needed."""
        if event["group"] not in self.joined:
            return
        if time.monotonic() > self.trusted_until:
            await self._may_stay()
            if event["group"] not in self.joined:
                return
        if self.gaps.missed(event["group"], event["source"], event["n"]):
            return await self.send_json({"type": "resync"})
        frame = event["frame"]
        if frame["type"] == "member":
            return await self._member_changed(frame["detail"])
        if frame["type"] == "access":
            if await self._may_stay():
                await self.send_json({"type": "resync"})
            return
        if frame["type"] == "company":
            if frame["member"] == str(self.member.id):
                return
            if frame["state"] == "came":
                self._tell_company(self.doing)  # the newcomer does not know of anybody yet
                frame = {**frame, "state": "views"}
        if "in" in frame:
            told = {name: value for name, value in frame.items() if name != "in"}
            frame = told | {"html": frame["in"].get(self.language, frame["html"])}
        if "unread" in frame:
            frame = {**frame, "unread": frame["unread"].get(str(self.member.id), 0)}
        await self.send_json(frame)

    async def _open(self, chat_id: Any) -> None:
        if self.chat is not None:
            await self._leave(self.chat)
            self._tell_left()
            self.chat = self.chat_id = None
        if chat_id is None:
            return
        try:
            chat = await database_sync_to_async(chat_for)(self.member, uuid.UUID(str(chat_id)))
        except (NotFound, ValueError):
            return await self.send_json({"type": "no-chat", "chat": str(chat_id)})
        self.chat, self.chat_id, self.doing = chat_group(chat.id), chat.id, "views"
        await self._join(self.chat)
        self._tell_company("came")
        await self.send_json({"type": "opened", "chat": str(chat.id), "at": now().isoformat()})

    async def _typing(self, on: bool, *, to_customer: bool) -> None:
        """At most once in a while: pages forget a typist by themselves. The customer sees what is meant for them."""
        if on and to_customer and self.chat_id is not None:
            await database_sync_to_async(show_typing)(actor=self.member, chat_id=self.chat_id)
        if on and self.doing == "types" and time.monotonic() - self.typing_told < TYPING_SECONDS:
            return
        self.doing = "types" if on else "views"
        self.typing_told = time.monotonic()
        self._tell_company(self.doing)

    def _tell_company(self, state: str) -> None:
        if self.chat is not None and self.member is not None:
            notifier.tell(Poke("company", self.member.workspace_id, self.chat_id, detail=f"{self.member.id} {state}"))

    def _tell_left(self) -> None:
        """Unless the member has the chat open in another tab; one in another process says so with its next ping."""
        if self.member is not None and self.member.id not in watchers.members_of(self.chat or ""):
            self._tell_company("left")

    async def _member_changed(self, detail: str) -> None:
        if detail == "removed":
            return await self.close(NO_LONGER_A_MEMBER)
        if await self._may_stay():
            await self.send_json({"type": "role", "role": self.member.role})

    async def _may_stay(self) -> bool:
        """Look who it is now; the socket of somebody who may not be here any more is closed and hears nothing."""
        try:
            self.member = await self._member()
        except SignedOut:
            await self._go(SIGNED_OUT)
            return False
        except NotFound:
            await self._go(NO_LONGER_A_MEMBER)
            return False
        await self._look()
        self.trusted_until = time.monotonic() + TRUSTED_SECONDS
        return True

    async def _look(self) -> None:
        """Be in the groups of the kept channels that the member sees now, and in no chat that they see no more."""
        seen, sees_chat = await self._sight()
        for group in [group for group in self.joined if group.startswith("channel.") and group not in seen]:
            await self._leave(group)
        for group in seen - set(self.joined):
            await self._join(group)
        if not sees_chat:
            gone = str(self.chat_id)
            await self._leave(self.chat)
            self.chat = self.chat_id = None
            await self.send_json({"type": "no-chat", "chat": gone})

    @database_sync_to_async
    def _sight(self) -> tuple[set[str], bool]:
        kept = ChannelTeam.objects.filter(workspace_id=self.member.workspace_id)
        seen = kept.exclude(channel_id__in=hidden_channels(self.member)).values_list("channel_id", flat=True)
        chat_is_seen = self.chat_id is None or chats_visible_to(self.member).filter(pk=self.chat_id).exists()
        return {channel_group(channel_id) for channel_id in seen}, chat_is_seen

    async def _go(self, code: int) -> None:
        for group in list(self.joined):
            await self._leave(group)
        await self.close(code)

    @database_sync_to_async
    def _member(self) -> Member:
        """As the session and the membership are now, not as they were when the socket was opened."""
        session = import_module(settings.SESSION_ENGINE).SessionStore(self.scope["session"].session_key)
        user = get_user(SimpleNamespace(session=session))
        if not user.is_authenticated:
            raise SignedOut
        member = member_for(user, self.scope["url_route"]["kwargs"]["slug"])
        if not member.may(Permission.SEE_CHATS):
            raise NotFound
        return member

    async def _join(self, group: str) -> None:
        await self.channel_layer.group_add(group, self.channel_name)
        watchers.join(group, self.member.id, self.language)
        self.joined.append(group)

    async def _leave(self, group: str) -> None:
        self.joined.remove(group)
        self.gaps.forget(group)
        watchers.leave(group, self.member.id, self.language)
        await self.channel_layer.group_discard(group, self.channel_name)

    async def _stay(self) -> None:
        """Layers forget a group's member after a day; a page that is open for longer stays in."""
        for group in self.joined:
            await self.channel_layer.group_add(group, self.channel_name)
