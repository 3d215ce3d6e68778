"""From a webhook to the screens: how long until each of 200 open sockets has the frame of a customer's message."""

import asyncio
import http.client
import json
import re
import time

from websockets.asyncio.client import connect

from bench import ground, servers
from bench.load import body

SOCKETS = 200
MESSAGES = 60
PAUSE_SECONDS = 0.1
MARK = re.compile(r"fan-out (\d+)")


def measure(site: ground.Ground) -> list[tuple[str, str]]:
    """Rows (what, figure) for both layouts: all on daphne, and HTTP on granian beside it."""
    with servers.daphne() as sockets:
        alone = asyncio.run(_latencies(site, sockets, sockets, "one"))
        with servers.granian() as web:
            split = asyncio.run(_latencies(site, sockets, web, "two"))
    return [
        (f"webhook → frame, {SOCKETS} sockets, all on daphne", _line(alone)),
        (f"webhook → frame, {SOCKETS} sockets, HTTP on granian", _line(split)),
    ]


def _line(times: list[float]) -> str:
    expected = SOCKETS * MESSAGES
    lost = f", {expected - len(times)} frames MISSING" if len(times) < expected else ""
    times = sorted(times)
    return f"p50 {times[len(times) // 2] * 1000:.0f}, p99 {times[int(len(times) * 0.99)] * 1000:.0f} ms{lost}"


async def _latencies(site: ground.Ground, sockets: str, web: str, mark: str) -> list[float]:
    channel = site.channels[0]
    first = http.client.HTTPConnection(web.removeprefix("http://"), timeout=10)
    await asyncio.to_thread(_post, first, channel, body(f"fan{mark}", 0, "fan-out warm-up"))
    chat = await asyncio.to_thread(_chat_of, channel)
    started: dict[int, float] = {}
    times: list[float] = []
    ready = asyncio.Semaphore(0)
    address = f"{sockets.replace('http', 'ws')}/ws/w/{site.slug}/inbox/"
    headers = {"Cookie": f"sessionid={site.session_cookie}", "Origin": sockets}

    async def listen() -> None:
        async with connect(address, additional_headers=headers, max_size=None, ping_interval=None) as socket:
            await socket.send(json.dumps({"type": "open", "chat": chat}))
            seen: set[int] = set()
            async for frame in socket:
                if '"opened"' in frame:
                    ready.release()
                if '"message"' in frame and (found := MARK.search(frame)) and (number := int(found[1])) not in seen:
                    seen.add(number)
                    times.append(time.monotonic() - started[number])

    listeners = [asyncio.create_task(listen()) for _ in range(SOCKETS)]
    for _ in listeners:
        await asyncio.wait_for(ready.acquire(), 30)
    for number in range(1, MESSAGES + 1):
        started[number] = time.monotonic()
        await asyncio.to_thread(_post, first, channel, body(f"fan{mark}", number, f"fan-out {number}"))
        await asyncio.sleep(PAUSE_SECONDS)
    with_deadline = time.monotonic() + 10
    while len(times) < SOCKETS * MESSAGES and time.monotonic() < with_deadline:
        await asyncio.sleep(0.1)
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    return times


def _post(connection: http.client.HTTPConnection, channel: str, payload: bytes) -> None:
    headers = {"Content-Type": "application/json", "X-Webhook-Secret": ground.PROOF}
    connection.request("POST", f"/api/webhooks/whapi/{channel}", payload, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"The webhook was answered {answer.status}.")


def _chat_of(channel: str) -> str:
    """The chat that the first body made."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = ground.scalar(
            f"SELECT max(id::text) FROM inbox_chat WHERE channel_id = '{channel}' AND wa_chat_id LIKE '15550100000@%'"
        )
        if found:
            return str(found)
        time.sleep(0.05)
    raise SystemExit("The first webhook was not applied within 10 s.")
