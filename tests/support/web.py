"""A real web server on the database of the test that runs, which must be one with transaction=True."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from kernel import http
from tests.support.stack import answers, free_port

ROOT = Path(__file__).resolve().parent.parent.parent


class Web:
    """daphne on the test's database."""

    def __init__(self, log: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.support.courier.settings",
            "RELAY_TEST_DATABASE": connection.settings_dict["NAME"],
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}",
            "PYTHONFAULTHANDLER": "1",
        }
        arguments = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "config.asgi:application"]
        with log.open("w") as output:
            self.process = subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=output, stderr=output)

    def call(self, method: str, path: str, **options) -> http.Response:
        return http.request(
            method, f"{self.url}{path}", deadline=60, max_bytes=5_000_000, allow_private=True, **options
        )


@contextmanager
def running_web(log: Path) -> Iterator[Web]:
    web = Web(log)
    try:
        answers(f"{web.url}/healthz")
        yield web
    finally:
        web.process.kill()
        web.process.wait(10)
