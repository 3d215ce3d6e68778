"""Connections of one's own for NOTIFY and LISTEN: always autocommit, never part of a request."""

import psycopg
from django.db import connections

CHANNEL = "waybill_frames"


def connect() -> psycopg.Connection:
    """To the database of the settings. Raises psycopg.OperationalError."""
    params = connections["default"].get_connection_params()
    for name in ("context", "cursor_factory", "pool", "server_side_binding"):
        params.pop(name, None)
    return psycopg.connect(**params, autocommit=True, application_name="waybill realtime")
