"""Array literals arrive in PostgreSQL as what they were."""

import uuid
from datetime import UTC, datetime

from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.arrays import columns

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)


def round_trip(rows, *types) -> list[tuple]:
    arrays = ", ".join(f"%s::{each}[]" for each in types)
    names = ", ".join(f"c{n}" for n in range(len(types)))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM unnest({arrays}) AS t ({names})", columns(rows, len(types)))
        return cursor.fetchall()


def test_every_type_and_null_comes_back(db):
    rows = [
        ("text", uuid.uuid4(), datetime(2026, 1, 31, 8, 0, 0, 123456, tzinfo=UTC), True, 7),
        (None, None, None, None, None),
        ("NULL", uuid.uuid4(), datetime(1999, 1, 1, tzinfo=UTC), False, -7),
    ]
    assert round_trip(rows, "text", "uuid", "timestamptz", "boolean", "bigint") == rows
    assert round_trip([], "text", "uuid") == []


@settings(max_examples=50, deadline=None)
@given(given_texts=st.lists(texts, min_size=1))
def test_any_text_comes_back(django_db_setup, django_db_blocker, given_texts):
    with django_db_blocker.unblock():
        assert round_trip([(text,) for text in given_texts], "text") == [(text,) for text in given_texts]
