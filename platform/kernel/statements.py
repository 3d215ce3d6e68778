"""Cursors for statements that run all day long: the server keeps their plans."""

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


def prepared_cursor() -> CursorWrapper:
    """A cursor that binds on the server. A statement that a connection runs often is parsed and planned once.

    Django's own binds on the client, and every statement is new to the server. Use it as a context manager; errors are
    Django's, and a statement counts in query budgets like any other.
    """
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    return connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)
