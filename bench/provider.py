"""A small provider in a process of its own: answers each POST after a delay, and remembers when each name arrived.

`python -m bench.provider PORT DELAY_MS`. Times are CLOCK_MONOTONIC seconds, which processes of one machine share.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests  # noqa: TID251  a benchmark, not the product

from bench.servers import environment, free_port, running

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def provider(delay_ms: int = 0) -> Iterator[str]:
    """The address of a running one."""
    port = free_port()
    with running([sys.executable, "-m", "bench.provider", str(port), str(delay_ms)], port, environment()) as url:
        yield url


def arrivals(url: str) -> dict[str, float]:
    return requests.get(f"{url}/times", timeout=10).json()


async def serve(port: int, delay: float) -> None:
    times: dict[str, float] = {}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                at = time.monotonic()
                lines = head.lower().split(b"\r\n")
                length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
                body = await reader.readexactly(length)
                if head.startswith(b"GET"):
                    text = json.dumps(times).encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text))
                    continue
                if name := json.loads(body).get("name"):
                    times[name] = at
                if delay:
                    await asyncio.sleep(delay)
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]) / 1000))
