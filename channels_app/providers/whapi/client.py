"""Whapi's URLs and JSON, for one call of the adapter: all its requests share one deadline."""

import time
from typing import Any, BinaryIO
from urllib.parse import quote

from channels_app.providers.base import Credentials
from channels_app.providers.errors import ProviderError
from channels_app.providers.whapi import limits, refusals
from kernel import http


class Client:
    """Bearer token in the header: the query form is documented but said to be going away. Raises ProviderError."""

    def __init__(self, credentials: Credentials, deadline: float):
        self._credentials = credentials
        self._until = time.monotonic() + deadline
        self._deadline = deadline

    def get(self, path: str, **params: Any) -> Any:
        """The JSON value of the answer."""
        return self._json(self._request("GET", path, params=params or None), acting=False)

    def get_small(self, path: str, **params: Any) -> Any:
        """As `get`, where an answer can only be small: whatever else comes is not worth reading to its end."""
        answer = self._request("GET", path, params=params or None, max_bytes=limits.SMALL_ANSWER_LIMIT_BYTES)
        return self._json(answer, acting=False)

    def act(self, method: str, path: str, json: Any = None, *, repeatable: bool = False) -> dict[str, Any]:
        """A request that changes something. `repeatable`: doing it twice does no harm, so nothing stays uncertain."""
        return self._object(self._request(method, path, json=json, acting=not repeatable), acting=not repeatable)

    def upload(self, content: BinaryIO, mime_type: str) -> dict[str, Any]:
        """POST /media with the raw file. Sends nothing to anybody, so it may always be repeated."""
        answer = self._request("POST", "/media", data=content, headers={"Content-Type": mime_type})
        return self._object(answer, acting=False)

    def download(self, path: str, sink: BinaryIO, limit_bytes: int) -> http.Response:
        return self._request("GET", path, sink=sink, max_bytes=limit_bytes)

    def fetch_link(self, link: str, sink: BinaryIO, limit_bytes: int) -> http.Response:
        """A file at another host: without the token, and only from public addresses."""
        own = link.startswith(self._credentials.base_url + "/")
        return self._call("GET", link, sink=sink, max_bytes=limit_bytes, allow_private=own, acting=False)

    def _request(self, method: str, path: str, *, acting: bool = False, **more: Any) -> http.Response:
        headers = {"Authorization": f"Bearer {self._credentials.token}", **more.pop("headers", {})}
        # The base URL is the operator's own setting, so it may be a private address (the simulator, a proxy).
        url = self._credentials.base_url.rstrip("/") + path
        return self._call(method, url, headers=headers, allow_private=True, acting=acting, **more)

    def _call(self, method: str, url: str, *, acting: bool, **more: Any) -> http.Response:
        left = self._until - time.monotonic()
        if left <= 0:
            raise ProviderError("not_sent_timeout", f"Whapi did not answer within {self._deadline:g} seconds.")
        more.setdefault("max_bytes", limits.ANSWER_LIMIT_BYTES)
        try:
            answer = http.request(method, url, deadline=left, **more)
        except http.HttpFailure as failure:
            raise refusals.unreached(failure, acting=acting) from failure
        if not 200 <= answer.status < 300:
            raise refusals.refusal(answer.status, answer.headers, _value_of(answer), acting=acting)
        return answer

    def _object(self, answer: http.Response, *, acting: bool) -> dict[str, Any]:
        value = self._json(answer, acting=acting)
        if not isinstance(value, dict):
            raise refusals.unreadable_answer(answer.status, acting=acting)
        return value

    def _json(self, answer: http.Response, *, acting: bool) -> Any:
        try:
            value = answer.json()
        except ValueError:
            raise refusals.unreadable_answer(answer.status, acting=acting) from None
        error = refusals.error_inside(answer.headers, value, acting=acting)
        if error is not None:
            raise error
        return value


def segment(value: str) -> str:
    """An opaque id as one part of a path."""
    return quote(value, safe="@")


def _value_of(answer: http.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.body.decode("utf-8", "replace")
