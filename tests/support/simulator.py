"""A provider simulator for tests, in this process or as one of its own, with its controls."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from channels_app.providers import simulator_named
from channels_app.providers.simulating.options import Options
from kernel import http

NO_DATABASE = "postgresql://nobody@127.0.0.1:9/none"
"""The simulator needs none, and this way starts none."""
SENDS = re.compile(r"/messages/|/api/send(?!Seen)|/v[\d.]+/\d+/messages$")
"""Where messages are sent, at Whapi, at WAHA and at Meta."""
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class SimulatorControl:
    """The control API of a running simulator. Nothing here sleeps but `wait_for`, which has a deadline."""

    base_url: str

    def requests(self, **query: Any) -> list[dict[str, Any]]:
        """What reached the provider, in order. Filters: path, method, channel_id, since."""
        return self._get("requests", query)["requests"]

    def sends(self) -> list[dict[str, Any]]:
        """The accepted sends, in order."""
        return [
            r
            for r in self.requests(method="POST")
            if r["accepted"] and SENDS.match(r["path"]) and isinstance(r["body"], dict)
        ]

    def messages(self, **query: Any) -> list[dict[str, Any]]:
        """What exists at the provider. Filters: channel, chat_id."""
        return self._get("messages", query)["messages"]

    def webhooks(self) -> dict[str, Any]:
        """The calls made so far (`deliveries`), those to come (`undelivered`), and whether there are none (`idle`)."""
        return self._get("webhooks", {})

    def deliveries(self) -> list[dict[str, Any]]:
        """The webhook calls made so far."""
        return self.webhooks()["deliveries"]

    def fault(self, **rule: Any) -> None:
        self._post("faults", rule)

    def clear_faults(self) -> None:
        self._call("DELETE", "faults", None)

    def inbound(self, **deed: Any) -> list[str]:
        """A customer acts. Returns the ids of the messages that came of it."""
        return self._post("inbound", deed)["messages"]

    def connection(self, state: str, **values: Any) -> dict[str, Any]:
        return self._post("connection", {"state": state, **values})

    def channels(self) -> list[dict[str, Any]]:
        return self._get("channels", {})["channels"]

    def add_channel(self, token: str, webhook_url: str | None = None, secret: str = "", **values: Any) -> dict:
        hook = {"webhook_url": webhook_url, "secret": secret} if webhook_url else {}
        return self._post("channels", {"token": token, **hook, **values})

    def options(self, **values: Any) -> dict[str, Any]:
        return self._post("options", values)

    def wait_for(self, condition: Callable[[], Any], what: str, seconds: float = 10) -> Any:
        """The first true value of `condition`. Fails with `what` when the deadline passes."""
        until = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > until:
                raise AssertionError(f"Waited {seconds} seconds in vain for: {what}")
            time.sleep(0.01)
        return value

    def wait_until_idle(self, seconds: float = 10) -> None:
        """Until every queued webhook was delivered (later ones may still be planned)."""
        self.wait_for(lambda: self.webhooks()["idle"], "webhooks delivered", seconds)

    def _get(self, name: str, query: dict[str, Any]) -> Any:
        return self._call("GET", f"{name}?{urlencode(query)}" if query else name, None)

    def _post(self, name: str, values: dict[str, Any]) -> Any:
        return self._call("POST", name, values)

    def _call(self, method: str, name: str, values: Any) -> Any:
        answer = http.request(
            method,
            f"{self.base_url}/_sim/{name}",
            json=values,
            deadline=30,
            max_bytes=200_000_000,
            allow_private=True,
        )
        if answer.status != 200:
            raise AssertionError(f"The simulator refused {method} {name}: {answer.body.decode()}")
        return json.loads(answer.body)


@contextmanager
def running_simulator(provider: str = "whapi", **options: Any) -> Iterator[SimulatorControl]:
    """A simulator on threads of this process and a free port. Keywords are Options."""
    simulator = simulator_named(provider)(0, Options(**options))
    simulator.start()
    try:
        yield SimulatorControl(simulator.base_url)
    finally:
        simulator.stop()


@contextmanager
def simulator_process(*arguments: str) -> Iterator[SimulatorControl]:
    """The command `simulate_provider` as a real process on a free port."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "simulate_provider", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "DATABASE_URL": NO_DATABASE},
    )
    try:
        line = process.stdout.readline()
        if " simulator on " not in line:
            raise AssertionError(f"The simulator did not start: {line!r}")
        yield SimulatorControl(line.split()[-1])
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
