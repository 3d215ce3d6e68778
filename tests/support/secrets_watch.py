"""Watches every test: what was sealed in it must not be in its log, in what it was shown, or in its database's rows.

Sealed is whatever reaches kernel.crypto.encrypt. Secrets that Waybill makes are shown once, and codes to whoever asked,
so these are looked for in the log and the rows only.
"""

import logging
from collections.abc import Iterable
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.core import mail
from django.core.handlers.base import BaseHandler
from django.db import DatabaseError, connection

from kernel import crypto, signing

SHORTEST = 12
"""A shorter one, as tests like to write them, may be part of a word."""

TEXTS = ("text/", "application/json", "application/problem+json")
_FORMATTER = logging.Formatter()


class Watch:
    """What came by since `begin`."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.given: set[str] = set()
        self.made: set[str] = set()
        self.logged: list[str] = []
        self.shown: list[str] = []

    def note_sealed(self, secret: str) -> None:
        if len(secret) >= SHORTEST and not secret.startswith("data:"):
            self.given.add(secret)

    def note_record(self, record: logging.LogRecord) -> None:
        told = _FORMATTER.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""
        self.logged.append(f"{record.msg} {record.args} {told}")

    def note_response(self, response: Any) -> None:
        if not response.streaming and response.get("Content-Type", "").startswith(TEXTS):
            self.shown.append(f"{dict(response.headers)} {response.content.decode('utf-8', 'replace')}")

    def leaks(self) -> list[str]:
        """Where a secret of this test is in plain text."""
        if not self.given:
            return []
        letters = [f"{letter.subject} {letter.body}" for letter in getattr(mail, "outbox", ())]
        places = {"the log": self.logged, "an answer": self.shown, "an e-mail": letters}
        asked = {"the log": self.given, "an answer": self.given - self.made, "an e-mail": self.given}
        found = [
            f"{secret!r} is in {place}: {_around(text, secret)}"
            for place, texts in places.items()
            for text in texts
            for secret in asked[place]
            if secret in text
        ]
        return found + [f"a secret is in a row of {table}" for table in self._tables()]

    def _tables(self) -> list[str]:
        """None where the test has no database, or has broken its transaction."""
        try:
            with connection.cursor() as cursor:
                return tables_with(cursor, self.given)
        except (DatabaseError, RuntimeError):
            return []


def tables_with(cursor: Any, secrets: Iterable[str]) -> list[str]:
    """The tables of the cursor's database in which one of these stands in plain text."""
    wanted = ["%" + secret.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%" for secret in secrets]
    cursor.execute(_COLUMNS)
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\" r WHERE "  # names of our own tables
        + " OR ".join(["r::text LIKE ANY(%(wanted)s)", *(_AS_TEXT.format(name) for name in binary)])
        + ")"
        for table, binary in cursor.fetchall()
    )
    cursor.execute(asked, {"wanted": wanted})
    return [table for (table,) in cursor.fetchall()]


_COLUMNS = """
SELECT c.table_name, coalesce(array_agg(c.column_name::text) FILTER (WHERE c.data_type = 'bytea'), '{}')
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' GROUP BY 1
"""
_AS_TEXT = "encode(r.\"{}\", 'escape') LIKE ANY(%(wanted)s)"


def _around(text: str, secret: str) -> str:
    at = text.index(secret)
    return f"…{text[max(0, at - 80) : at]}"


watch = Watch()


def install() -> None:
    """Once for the process, before anything else wraps the same."""
    encrypt, new_secret, handle = crypto.encrypt, signing.new_secret, logging.Logger.handle
    get_response, get_response_async = BaseHandler.get_response, BaseHandler.get_response_async
    encode_json = AsyncJsonWebsocketConsumer.encode_json

    def sealing(secret: str) -> str:
        watch.note_sealed(secret)
        return encrypt(secret)

    def making(prefix: str = "") -> str:
        secret = new_secret(prefix)
        watch.made.add(secret)
        return secret

    def logging_(logger: logging.Logger, record: logging.LogRecord) -> None:
        watch.note_record(record)
        handle(logger, record)

    def answering(handler: BaseHandler, request: Any) -> Any:
        response = get_response(handler, request)
        watch.note_response(response)
        return response

    async def answering_async(handler: BaseHandler, request: Any) -> Any:
        response = await get_response_async(handler, request)
        watch.note_response(response)
        return response

    async def framing(cls: type, content: Any) -> str:
        frame = await encode_json(content)
        watch.shown.append(frame)
        return frame

    crypto.encrypt, signing.new_secret, logging.Logger.handle = sealing, making, logging_
    BaseHandler.get_response, BaseHandler.get_response_async = answering, answering_async
    AsyncJsonWebsocketConsumer.encode_json = classmethod(framing)
