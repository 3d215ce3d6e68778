"""Sums about connections: when to try again. And how long an id may be."""

WA_ID_LIMIT = 160
"""Of a person's or chat's id in our form. Meta's business-scoped ids have up to 131 characters before their ending."""

RESTART_FIRST_SECONDS = 60.0
"""Connections that come back by themselves do so within some seconds; nothing is asked before."""

RESTART_LONGEST_SECONDS = 3600.0
RESTARTS_MOST = 8
"""More than three hours of trying: whatever it is, a person has to look at it."""

LINKING_LONGEST_SECONDS = 30.0


def restart_wait_seconds(tries: int, jitter: float) -> float:
    """How long to wait before taking up a lost connection after so many tries; `jitter` from 0 to 1.

    Between half and one and a half times a doubling step, so that many numbers lost at once do not come back at once.
    """
    return min(RESTART_FIRST_SECONDS * 2**tries, RESTART_LONGEST_SECONDS) * (0.5 + jitter)


def linking_wait_seconds(tries: int, asked: float | None) -> float:
    """How long until the next try of a person who waits at the page; `asked` is what the provider asked for."""
    return max(asked or 0.0, min(2.0 ** (tries + 1), LINKING_LONGEST_SECONDS))
