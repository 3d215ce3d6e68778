"""What a provider's refusal means for the outbox."""

import pytest

from channels_app.providers.errors import ProviderError
from channels_app.services.attempts import ended_by
from channels_app.workers import KINDS
from outbox.errors import GiveUp, LaneClosed, OutcomeUnknown, SlowDown, TryAgain
from outbox.registry import kind_named


@pytest.mark.parametrize(
    ("says", "means"),
    [
        ({"permanent": True}, GiveUp),
        ({"unauthorized": True}, LaneClosed),
        ({"outcome_unknown": True}, OutcomeUnknown),
        ({"retry_after": 7.5}, SlowDown),
        ({}, TryAgain),
    ],
)
def test_each_refusal_has_one_meaning(says, means):
    ended = ended_by(ProviderError("code", "Why.", http_status=418, **says))
    assert type(ended) is means
    assert (ended.code, ended.detail, ended.http_status) == ("code", "Why.", 418)


@pytest.mark.parametrize(("named", "seconds"), [(7.5, 7.5), (0.0, None)])
def test_the_time_to_wait_is_the_providers_or_none(named, seconds):
    ended = ended_by(ProviderError("throttled", "Wait.", retry_after=named, scope="chat"))
    assert (ended.after_seconds, ended.scope) == (seconds, "chat")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_jobs_of_channels_are_wired_and_harmless_to_repeat(kind):
    assert kind_named(kind.name) is kind
    assert kind.repeatable
