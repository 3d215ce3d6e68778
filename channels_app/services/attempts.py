"""How a refused call to a provider ends an attempt of the outbox: the one translation between the two languages."""

from channels_app.providers.errors import ProviderError
from outbox.errors import AttemptEnded, GiveUp, LaneClosed, OutcomeUnknown, SlowDown, TryAgain


def ended_by(error: ProviderError) -> AttemptEnded:
    """What to raise from a kind's `perform` for `error`."""
    said = {"code": error.code, "detail": error.detail, "http_status": error.http_status}
    if error.unauthorized:
        return LaneClosed(**said)
    if error.retry_after is not None:
        # A provider that names no time says 0.0; the outbox has its own patience then.
        return SlowDown(**said, after_seconds=error.retry_after or None, scope=error.scope)
    if error.outcome_unknown:
        return OutcomeUnknown(**said)
    if error.permanent:
        return GiveUp(**said)
    return TryAgain(**said)
