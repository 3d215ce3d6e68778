"""Stored files go out in chunks, under every kind of server."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import AsyncRequestFactory, RequestFactory

from kernel import serving
from kernel.serving import file_response

BODY = bytes(range(256)) * 3


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(serving, "CHUNK_BYTES", 100)
    return default_storage.save("serving/test", ContentFile(BODY))


def answer(request, path: str):
    return file_response(request, path, etag="e", file_name="a.png", mime_type="image/png", inline=True)


def test_a_threaded_server_gets_chunks(path):
    response = answer(RequestFactory().get("/"), path)
    chunks = list(response.streaming_content)
    assert b"".join(chunks) == BODY
    assert max(map(len, chunks)) == 100


async def collected(response) -> list[bytes]:
    return [chunk async for chunk in response.streaming_content]


@pytest.mark.asyncio
async def test_an_asynchronous_server_gets_chunks_too_and_never_the_whole_at_once(path):
    response = answer(AsyncRequestFactory().get("/", headers={"Range": "bytes=10-509"}), path)
    assert response.is_async
    chunks = await collected(response)
    assert (response.status_code, b"".join(chunks)) == (206, BODY[10:510])
    assert max(map(len, chunks)) == 100


@pytest.mark.django_db  # the end of an answer looks after database connections
def test_an_answer_that_nobody_reads_opens_no_file(path, monkeypatch):
    monkeypatch.setattr(default_storage, "open", lambda *arguments: pytest.fail("opened"))
    answer(RequestFactory().head("/"), path).close()


def test_an_empty_file_is_an_empty_answer():
    path = default_storage.save("serving/empty", ContentFile(b""))
    response = answer(RequestFactory().get("/"), path)
    assert (response.status_code, b"".join(response.streaming_content)) == (200, b"")
    assert answer(RequestFactory().get("/", headers={"Range": "bytes=0-"}), path).status_code == 416
