"""Whapi's URLs and JSON, for one call of the adapter: all its requests share one deadline."""

from typing import Any, BinaryIO

from channels_app.providers.base import Credentials
from channels_app.providers.calling import Calls
from channels_app.providers.errors import ProviderError
from channels_app.providers.whapi import limits, refusals
from kernel import http


class Client(Calls):
    """Bearer token in the header: the query form is documented but said to be going away. Raises ProviderError."""

    vendor = "Whapi"
    refusal = staticmethod(refusals.refusal)
    answer_limit_bytes = limits.ANSWER_LIMIT_BYTES

    def __init__(self, credentials: Credentials, deadline: float):
        super().__init__(deadline)
        self._credentials = credentials

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

    def _object(self, answer: http.Response, *, acting: bool) -> dict[str, Any]:
        value = self._json(answer, acting=acting)
        if not isinstance(value, dict):
            raise self._unreadable(answer, acting=acting)
        return value

    def _json(self, answer: http.Response, *, acting: bool) -> Any:
        value = super()._json(answer, acting=acting)
        error = refusals.error_inside(answer.headers, value, acting=acting)
        if error is not None:
            raise error
        return value


def as_object(value: Any) -> dict[str, Any]:
    """The JSON value of an answer that must be an object. Raises ProviderError."""
    if not isinstance(value, dict):
        raise ProviderError("unreadable_answer", "The answer is not what Whapi promises.")
    return value
