"""Signing in by e-mail and password, with a limit on wrong tries that holds across processes."""

from datetime import timedelta

from django.contrib.auth import authenticate
from django.db import connection

from kernel import clock, signing
from workspaces.errors import SignInRefused, TooManyTries
from workspaces.models import SignInFailures, User

WINDOW = timedelta(minutes=10)
KEPT_FOR = timedelta(days=1)
TRIES_PER_PERSON_AND_ADDRESS = 10
TRIES_PER_PERSON = 50  # from all addresses together; higher, or anybody could lock out anybody
TRIES_PER_ADDRESS = 100  # an office behind one address


def sign_in(*, email: str, password: str, address: str) -> User:
    """The person with these credentials. Raises SignInRefused, whatever was wrong, or TooManyTries.

    A try is counted before the password is looked at, so that tries made at the same time cannot pass the limit.
    `address` is the network address of the browser.
    """
    email = email.strip().lower()
    limits = {
        signing.digest(f"person and address {email} {address}"): TRIES_PER_PERSON_AND_ADDRESS,
        signing.digest(f"person {email}"): TRIES_PER_PERSON,
        signing.digest(f"address {address}"): TRIES_PER_ADDRESS,
    }
    counts = _count_tries(sorted(limits))
    if any(counts[key] > limit for key, limit in limits.items()):
        raise TooManyTries
    user = authenticate(username=email, password=password)
    if user is None:
        raise SignInRefused
    _forgive(list(limits))
    return user


def _count_tries(keys: list[str]) -> dict[str, int]:
    """Add one try to each window, or start a new one; returns the counts. Sorted keys keep two tries from deadlock."""
    now = clock.now()
    SignInFailures.objects.filter(since__lt=now - KEPT_FOR).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO workspaces_signinfailures AS kept (key, count, since)
            SELECT key, 1, %(now)s FROM unnest(%(keys)s::text[]) AS key
            ON CONFLICT (key) DO UPDATE SET
                count = CASE WHEN kept.since < %(start)s THEN 1 ELSE kept.count + 1 END,
                since = CASE WHEN kept.since < %(start)s THEN %(now)s ELSE kept.since END
            RETURNING key, count
            """,
            {"now": now, "keys": keys, "start": now - WINDOW},
        )
        return dict(cursor.fetchall())


def _forgive(keys: list[str]) -> None:
    """A right password gives back the try it used, and clears its own pair of person and address."""
    own, *shared = keys
    SignInFailures.objects.filter(key=own).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workspaces_signinfailures SET count = greatest(count - 1, 0) WHERE key = ANY(%s)", [shared]
        )
