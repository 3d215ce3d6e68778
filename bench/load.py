"""Puts load on a webhook URL: with wrk where it is installed, else with threads of two Python processes."""

import http.client
import json
import multiprocessing
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Result:
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failed: int

    @property
    def rate(self) -> float:
        return (self.requests - self.failed) / self.seconds


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "Python"


def put_load(base_url: str, *, mark: str, secret: str, channels: list[str], seconds: int) -> Result:
    """POST one-message bodies to the channels in turn; `mark` keeps message ids of different runs apart."""
    if generator() == "wrk":
        return _wrk(base_url, mark, secret, channels, seconds)
    return _python(base_url, mark, secret, channels, seconds)


def _wrk(base_url: str, mark: str, secret: str, channels: list[str], seconds: int) -> Result:
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(HERE / "load.lua")]
    done = subprocess.run(
        ["wrk", *options, base_url, "--", mark, secret, *channels], capture_output=True, text=True, check=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return Result(**json.loads(line.removeprefix("RESULT ")))


def _python(base_url: str, mark: str, secret: str, channels: list[str], seconds: int) -> Result:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        work = [(base_url, f"{mark}{number}", secret, channels, seconds) for number in range(2)]
        parts = pool.starmap(_process, work)
    times = sorted(value for part in parts for value in part[0])
    failed = sum(part[1] for part in parts)
    if not times:
        raise SystemExit(f"Nothing answered at {base_url}.")
    return Result(
        len(times) + failed,
        float(seconds),
        times[len(times) // 2] * 1000,
        times[int(len(times) * 0.99)] * 1000,
        failed,
    )


def _process(base_url: str, mark: str, secret: str, channels: list[str], seconds: int) -> tuple[list[float], int]:
    times: list[float] = []
    failed: list[int] = []
    until = time.monotonic() + seconds

    def post(worker: int) -> None:
        address = base_url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=10)
        headers = {"Content-Type": "application/json", "X-Webhook-Secret": secret}
        count = 0
        while time.monotonic() < until:
            count += 1
            channel = channels[count % len(channels)]
            started = time.monotonic()
            connection.request("POST", f"/api/webhooks/whapi/{channel}", body(f"{mark}{worker}", count), headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                times.append(time.monotonic() - started)
            else:
                failed.append(answer.status)

    threads = [threading.Thread(target=post, args=(worker,)) for worker in range(CONNECTIONS // 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(failed)


def body(mark: str, count: int, text: str = "") -> bytes:
    person = f"155501{count // 100 % 50:05d}"
    message = {
        "id": f"{mark}-{count:010d}",
        "from_me": False,
        "type": "text",
        "chat_id": f"{person}@s.whatsapp.net",
        "timestamp": 1_750_000_000 + count,
        "source": "mobile",
        "text": {"body": text or f"Hello, is number {count} still free?"},
        "from": person,
        "from_name": "Bench Person",
    }
    event = {"type": "messages", "event": "post"}
    return json.dumps({"messages": [message], "event": event, "channel_id": "BENCH"}).encode()
