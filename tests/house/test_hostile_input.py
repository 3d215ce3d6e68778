"""Whatever is sent to an address, it answers: no field, query or encoding makes it break."""

import re
from copy import copy
from io import BytesIO
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from django.db import transaction
from django.test import Client

from config.one_thread import OneThreadHandler
from tests.house.test_doors import GUARDED, Door

ROOT = Path(__file__).resolve().parent.parent.parent
NOBODY = "00000000-0000-7000-8000-000000000000"
BOUNDARY = "a-boundary"
FORM = "application/x-www-form-urlencoded"
PAGES = [door for door in GUARDED if not door.route.startswith("api/")]
WITH_BODIES = {"inbox:message-send", "inbox:attachment-upload", "inbox:attachment-list", "workspaces:theme-change"}

VALUES = {
    "nothing": b"",
    "NUL": b"a\x00b",
    "half a surrogate": b"\xed\xa0\xbd",
    "no text at all": b"\xff\xfe\x80",
    "a long text": "𝒜é".encode() * 100,
    "a huge number": b"9" * 5000,
    "beyond an integer": b"99999999999999999999",
    "no number": b"NaN",
    "the end of time": b"9999-12-31T23:59:59+14:00",
    "a list": b'[1, {"a": []}]',
    "nested": b"[" * 2000,
    "an unknown id": NOBODY.encode(),
    "a path": b"../../etc/passwd",
}
IN_QUERIES = {name: VALUES[name] for name in ("NUL", "no text at all", "a huge number", "nested", "the end of time")}


def names_of(pattern: str) -> list[str]:
    """What the code reads by name. Taken from its text, so that a new field is tried at once."""
    found: set[str] = set()
    for app in ("platform", "workspaces", "outbox", "channels_app", "inbox", "webhooks"):
        for path in (ROOT / app).rglob("*.py"):
            found.update(re.findall(pattern, path.read_text()))
    return sorted(found)


FIELDS = sorted(
    {*names_of(r"\.POST(?:\.get|\.getlist)?[(\[]\s*\"(\w+)\""), *names_of(r"^    (\w+) = forms\.\w+\("), "text"}
    | set(names_of(r"(?m)^    (\w+) = (?:forms|serializers)\.\w+\("))
)
QUERIES = names_of(r"\.(?:GET|query_params)(?:\.get|\.getlist)?[(\[]\s*\"(\w+)\"")


def form_of(value: bytes) -> bytes:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name in FIELDS).encode()


def test_the_fields_that_are_tried_are_those_that_the_code_reads():
    assert {"email", "text", "client_id", "name", "role"} <= set(FIELDS)
    assert {"q", "cursor"} <= set(QUERIES)


@pytest.fixture
def ana(world) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(world.ana.user)
    return client


def answers(client: Client, doors: list[Door], rows: dict[str, str], query: str = "", **sent) -> list[str]:
    """The doors that break, tried one after the other on the same rows: what one does is undone."""
    found, cookies = [], copy(client.cookies)
    rows = {name: rows.get(name, NOBODY) for door in doors for name in door.parameters}
    for door in doors:
        client.cookies = copy(cookies)
        with transaction.atomic():
            path = door.path(rows) + query
            answer = client.generic("POST", path, **sent) if sent else client.get(path)
            if answer.streaming:
                b"".join(answer.streaming_content)
            if answer.status_code >= 500:
                found.append(f"{door.name} → {answer.status_code}")
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_no_form_breaks_a_page(value, rich_acme, ana):
    assert answers(ana, PAGES, rich_acme, data=form_of(value), content_type=FORM) == []


@pytest.mark.parametrize("whose", ["another's", "another kind's"])
def test_no_foreign_id_breaks_a_page(whose, world, rich_acme, ana):
    """An id that exists: a channel of another workspace, and a message where something else is asked for."""
    known = str(world.zoes_channel.pk) if whose == "another's" else rich_acme["message_id"]
    assert answers(ana, PAGES, rich_acme, data=form_of(known.encode()), content_type=FORM) == []


@pytest.mark.parametrize("value", IN_QUERIES.values(), ids=IN_QUERIES)
def test_no_query_breaks_an_address(value, rich_acme, ana):
    query = "&".join(f"{name}={quote_from_bytes(value)}" for name in QUERIES)
    assert answers(ana, GUARDED, rich_acme, f"?{query}") == []


def multipart(name: str = "text", file_name: str = "a.png", head: bytes = b"") -> bytes:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n'.encode() + head + b"\r\nhello\r\n"
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'.encode()
    return part + file + b"Content-Type: image/png\r\n\r\n\x89PNG\x00\r\n" + f"--{BOUNDARY}--\r\n".encode()


BODIES = {
    "a charset that compresses": ("multipart/form-data; boundary=a-boundary; charset=zlib", multipart()),
    "a charset for host names": ("multipart/form-data; boundary=a-boundary; charset=idna", multipart()),
    "a charset of bytes": ("multipart/form-data; boundary=a-boundary; charset=hex", multipart()),
    "a charset that nobody knows": ("multipart/form-data; boundary=a-boundary; charset=klingon", multipart()),
    "two bytes a letter": ("multipart/form-data; boundary=a-boundary; charset=utf-16", multipart()),
    "a form in another charset": (f"{FORM}; charset=zlib", b"text=hello"),
    "no boundary": ("multipart/form-data", multipart()),
    "an impossible boundary": ("multipart/form-data; boundary=" + "é" * 300, multipart()),
    "a body that ends early": ("multipart/form-data; boundary=a-boundary", multipart()[:60]),
    "a name with a NUL": ("multipart/form-data; boundary=a-boundary", multipart(file_name="a\x00.png")),
    "a name of a folder": ("multipart/form-data; boundary=a-boundary", multipart(file_name="../../..")),
    "a name of 5,000 letters": ("multipart/form-data; boundary=a-boundary", multipart(file_name="a" * 5000)),
    "half a base64": (
        "multipart/form-data; boundary=a-boundary",
        multipart(head=b"Content-Transfer-Encoding: base64\r\n"),
    ),
    "a thousand fields": (FORM, "&".join(f"f{n}=1" for n in range(3000)).encode()),
    "JSON": ("application/json", b'{"text": "\\ud800", "client_id": 1e400}'),
    "no JSON": ("application/json", b"\xff\xfe{"),
    "a type that is none": ("\x7f/;;=;", b"hello"),
}


@pytest.mark.parametrize("what", BODIES)
def test_no_encoding_breaks_an_address(what, rich_acme, ana):
    kind, body = BODIES[what]
    doors = GUARDED if what == "a charset that compresses" else [one for one in GUARDED if one.name in WITH_BODIES]
    assert answers(ana, doors, rich_acme, data=body, content_type=kind) == []
    assert Client(raise_request_exception=False).generic("POST", "/sign-in/", body, content_type=kind).status_code < 500


def test_a_charset_that_cannot_be_a_name_is_a_bad_request_under_an_asgi_server():
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b""}
    headers = [(b"content-type", b"multipart/form-data; boundary=a; charset=u\x00")]
    request, answer = OneThreadHandler().create_request({**scope, "headers": headers}, BytesIO())
    assert (request, answer.status_code) == (None, 400)


def test_a_form_in_an_encoding_that_is_no_text_is_refused_in_one_sentence(world, ana):
    kind, body = BODIES["a charset that compresses"]
    page = ana.generic("POST", "/sign-in/", body, content_type=kind)
    assert (page.status_code, page.content.decode()) == (415, "Forms are sent to Waybill in UTF-8.")
    program = ana.generic("POST", "/api/v1/attachments", body, content_type=kind)
    assert (program.status_code, program.json()["code"]) == (415, "unsupported_charset")
