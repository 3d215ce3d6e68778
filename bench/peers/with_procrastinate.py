"""Drains JOBS no-op jobs with procrastinate, one lock for each chat: with_procrastinate.py JOBS SECONDS."""

import asyncio
import contextlib
import json
import os
import sys
import time

from procrastinate import App, PsycopgConnector

CHATS = 4000


async def main(jobs: int, seconds: float) -> None:
    app = App(connector=PsycopgConnector(conninfo=os.environ["DATABASE_URL"]))
    done = 0

    @app.task(name="nothing")
    async def nothing(text: str) -> None:
        nonlocal done
        done += 1

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for start in range(0, jobs, 5000):
            await app.connector.execute_query_async(
                "INSERT INTO procrastinate_jobs (task_name, queue_name, lock, args)"
                " SELECT 'nothing', 'default', 'chat' || n %% %(chats)s, jsonb_build_object('text', repeat('x', 200))"
                " FROM generate_series(%(first)s::int, %(last)s::int) n",
                chats=CHATS,
                first=start + 1,
                last=min(start + 5000, jobs),
            )
        await app.connector.execute_query_async("ANALYZE")
        begun = time.monotonic()
        worker = app.run_worker_async(
            concurrency=24, wait=False, listen_notify=False, install_signal_handlers=False, delete_jobs="always"
        )
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(worker, seconds)
        print(json.dumps({"done": done, "seconds": time.monotonic() - begun}))


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
