"""A fresh database for a benchmark, dropped at its end. Beside it nothing of the installation is touched."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def own_database(name: str) -> Iterator[None]:
    """Django, set up on an empty migrated database `name`; DEBUG is off and the log is quiet."""
    sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "platform")) if path not in sys.path]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DATA_DIR", str(ROOT / ".data" / "bench"))
    os.environ.setdefault("LOG_LEVEL", "WARNING")

    import django

    django.setup()
    from django.conf import settings
    from django.db import connection, connections
    from django.test.utils import setup_databases, teardown_databases

    from outbox.services import waking

    settings.DEBUG = False
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = name
    connection.settings_dict["TEST"]["NAME"] = name
    made = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        waking.close()
        connections.close_all()
        teardown_databases(made, verbosity=0)


def server_url() -> str:
    """Of the server that the own database is on; its path is the maintenance database."""
    from django.conf import settings

    from config.database import start_embedded_server

    return start_embedded_server(Path(settings.DATA_DIR))
