"""64 MB go into the storage without being in the memory of the web server, under both servers."""

import re
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from tests.e2e.test_writing import open_chat
from tests.support.stack import answers, free_port

SIZE = 64 * 1024 * 1024
MOST_GROWTH = 40 * 1024 * 1024
"""Held in memory, the file alone would take more. Allowed is a part of it, and what Python keeps for the next."""


class Memory:
    """How far a process grew at its highest since now, in bytes."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # begin to count the highest point anew
        self._before = self._highest()

    def growth(self) -> int:
        return self._highest() - self._before

    def _highest(self) -> int:
        return int(re.search(r"VmHWM:\s+(\d+)", self._status.read_text())[1]) * 1024


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(SIZE)
    return path


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_a_large_file_passes_the_server_of_the_browser_in_parts(visit, customer, stack, large):
    customer("Large Larry")
    ana = visit("ana")
    open_chat(ana, "Large Larry")
    small = {"name": "small.bin", "mimeType": "", "buffer": bytes(8 * 1024 * 1024)}
    ana.locator(".composer input[type=file]").set_input_files(small)
    expect(ana.locator(".composer .upload.ready")).to_have_count(1, timeout=30_000)
    ana.get_by_label("Remove the file").click()  # what the first file of all costs does not count
    memory = Memory(stack._web[-1].pid)
    ana.locator(".composer input[type=file]").set_input_files(large)
    expect(ana.locator(".composer .upload.ready")).to_have_count(1, timeout=90_000)
    assert memory.growth() < MOST_GROWTH
    ana.keyboard.press("Enter")
    file = ana.locator("#thread .message[data-id] a.file", has_text="large.bin")
    with ana.expect_download() as download:
        file.click()
    assert Path(download.value.path()).stat().st_size == SIZE


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_a_large_file_streams_through_the_server_of_programs_in_one_request(stack):
    port = free_port()
    how = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--no-ws"]
    server = stack.start("granian", [sys.executable, "-m", "granian", *how, "config.wsgi:application"])
    try:
        answers(f"http://127.0.0.1:{port}/sign-in/")
        worker = psutil.Process(server.pid).children()[-1]
        assert upload(port, stack.facts["api_key"], 1000) == 201  # what is loaded once does not count
        memory = Memory(worker.pid)
        assert upload(port, stack.facts["api_key"], SIZE) == 201
        assert memory.growth() < MOST_GROWTH / 2
    finally:
        server.terminate()
        server.wait(15)


def upload(port: int, api_key: str, size: int) -> int:
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
    tail = b"\r\n--edge--\r\n"

    def body() -> Iterator[bytes]:
        yield head
        left = size
        while left:
            yield bytes(min(left, 65_536))
            left -= min(left, 65_536)
        yield tail

    caller = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {
        "Authorization": f"Bearer {api_key}",
        "Content-Type": "multipart/form-data; boundary=edge",
        "Content-Length": str(len(head) + size + len(tail)),
    }
    caller.request("POST", "/api/v1/attachments", body=body(), headers=headers)
    status = caller.getresponse().status
    caller.close()
    return status
