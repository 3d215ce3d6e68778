"""The HTTP calls of one deed at a vendor: they share one deadline, and each ends in an answer or a ProviderError."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from channels_app.providers.errors import ProviderError
from kernel import http


class Calls:
    """What every vendor's client is built on. A subclass says who is called, and what its refusals mean."""

    vendor: str
    refusal: Callable[..., ProviderError]  # (status, headers, JSON value or text, acting=…) of an answer outside 2xx
    answer_limit_bytes: int

    def __init__(self, deadline: float):
        self._until = time.monotonic() + deadline
        self._deadline = deadline

    def _call(self, method: str, url: str, *, acting: bool, **more: Any) -> http.Response:
        """`acting`: the request would change something, so that without an answer it stays open what happened."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise ProviderError("not_sent_timeout", f"{self.vendor} did not answer within {self._deadline:g} seconds.")
        more.setdefault("max_bytes", self.answer_limit_bytes)
        try:
            answer = http.request(method, url, deadline=left, **more)
        except http.HttpFailure as failure:
            raise self._unreached(failure, acting=acting) from failure
        if not 200 <= answer.status < 300:
            raise self.refusal(answer.status, answer.headers, value_of(answer), acting=acting)
        return answer

    def _json(self, answer: http.Response, *, acting: bool) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise self._unreadable(answer, acting=acting) from None

    def _unreadable(self, answer: http.Response, *, acting: bool) -> ProviderError:
        """For a success without the promised JSON, e.g. a page of a proxy."""
        detail = f"The answer is not what {self.vendor} promises. A proxy may have answered in its place."
        return ProviderError("unreadable_answer", detail, outcome_unknown=acting, http_status=answer.status)

    def _unreached(self, failure: http.HttpFailure, *, acting: bool) -> ProviderError:
        """For a request without an answer."""
        if isinstance(failure, http.NotSent):
            return ProviderError(f"not_sent_{failure.code}", failure.detail)
        if failure.code == "too_large" and not acting:
            return ProviderError("too_large", failure.detail, permanent=True)
        return ProviderError(f"no_answer_{failure.code}", failure.detail, outcome_unknown=acting)


def segment(value: str) -> str:
    """An opaque id as one part of a path."""
    return quote(value, safe="@")


def value_of(answer: http.Response) -> Any:
    """The JSON value, or else the text."""
    try:
        return answer.json()
    except ValueError:
        return answer.body.decode("utf-8", "replace")
