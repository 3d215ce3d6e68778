"""Drains JOBS no-op jobs with pgqueuer on asyncpg: with_pgqueuer.py JOBS SECONDS."""

import asyncio
import contextlib
import json
import logging
import os
import sys
import time

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

BATCH = 500


async def main(jobs: int, seconds: float) -> None:
    logging.disable(logging.CRITICAL)
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    driver = AsyncpgDriver(connection)
    queries = Queries(driver)
    await queries.install()
    for start in range(0, jobs, 5000):
        number = min(5000, jobs - start)
        await queries.enqueue(["nothing"] * number, [b"x" * 200] * number, [0] * number)
    await connection.execute("ANALYZE")
    worker = PgQueuer(driver)
    done = 0

    @worker.entrypoint("nothing")
    async def nothing(job: Job) -> None:
        nonlocal done
        done += 1

    begun = time.monotonic()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(worker.run(batch_size=BATCH, mode=QueueExecutionMode.drain), seconds)
    print(json.dumps({"done": done, "seconds": time.monotonic() - begun}))


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
