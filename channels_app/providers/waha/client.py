"""WAHA's URLs and JSON, for one call of the adapter: all its requests share one deadline."""

import base64
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from django.conf import settings

from channels_app.providers.base import Credentials
from channels_app.providers.calling import Calls, segment
from channels_app.providers.errors import ProviderError
from channels_app.providers.waha import limits, refusals
from kernel import http

FILES_PATH = "/api/files/"
NOT_THERE = ("not_found", "bad_request", "unprocessable", "unsupported_by_engine")


class Client(Calls):
    """The API key in its header, the session in the path or the body. Raises ProviderError."""

    vendor = "WAHA"
    refusal = staticmethod(refusals.refusal)
    answer_limit_bytes = limits.ANSWER_LIMIT_BYTES

    def __init__(self, credentials: Credentials, deadline: float):
        super().__init__(deadline)
        self._credentials = credentials
        self._base_url = credentials.base_url.rstrip("/")
        self.session = credentials.extra.get("session") or "default"

    def get(self, path: str, **params: Any) -> Any:
        """The JSON value of the answer."""
        return self._json(self._request("GET", path, params=params or None), acting=False)

    def get_small(self, path: str, **params: Any) -> Any:
        """As `get`, where an answer can only be small: whatever else comes is not worth reading to its end."""
        answer = self._request("GET", path, params=params or None, max_bytes=limits.SMALL_ANSWER_LIMIT_BYTES)
        return self._json(answer, acting=False)

    def find(self, path: str, **params: Any) -> Any:
        """As `get`, and None for what is not there or cannot be asked of this engine."""
        try:
            return self.get(path, **params)
        except ProviderError as error:
            if error.code in NOT_THERE:
                return None
            raise

    def picture(self, path: str) -> str:
        """A data URI: WAHA answers with JSON that holds base64, or with the bare image."""
        answer = self._request(
            "GET", path, headers={"Accept": "application/json"}, max_bytes=limits.SMALL_ANSWER_LIMIT_BYTES
        )
        kind = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if kind.startswith("image/"):
            return f"data:{kind};base64,{base64.b64encode(answer.body).decode()}"
        value = self._json(answer, acting=False)
        kind, data = (value.get("mimetype"), value.get("data")) if isinstance(value, dict) else (None, None)
        if not isinstance(data, str) or not data or not isinstance(kind, str) or not kind.startswith("image/"):
            raise self._unreadable(answer, acting=False)
        return f"data:{kind};base64,{data}"

    def act(self, method: str, path: str, json: Any = None, *, repeatable: bool = False) -> Any:
        """A request that changes something. `repeatable`: doing it twice does no harm, so nothing stays uncertain.

        None where WAHA answers a success with an empty body, as some of its endpoints do.
        """
        answer = self._request(method, path, json=json, acting=not repeatable)
        return self._json(answer, acting=not repeatable) if answer.body.strip() else None

    def ask(self, method: str, path: str, json: Any = None) -> dict[str, Any]:
        """A request whose answer must be an object."""
        answer = self._request(method, path, json=json, acting=True)
        value = self._json(answer, acting=True)
        if not isinstance(value, dict):
            raise self._unreadable(answer, acting=True)
        return value

    def download(self, link: str, sink: BinaryIO, limit_bytes: int) -> http.Response:
        """A file. WAHA's own come from the channel's address with the key, whatever host the link names: WAHA often
        believes to be `localhost`. Any other comes without the key, and only from public addresses."""
        path = urlsplit(link).path
        if path.startswith(FILES_PATH):
            return self._request("GET", path, sink=sink, max_bytes=limit_bytes)
        return self._call("GET", link, sink=sink, max_bytes=limit_bytes, allow_private=False, acting=False)

    def at(self, path: str) -> str:
        """A path of the session."""
        return f"/api/{segment(self.session)}{path}"

    @property
    def session_path(self) -> str:
        return f"/api/sessions/{segment(self.session)}"

    def _unreached(self, failure: http.HttpFailure, *, acting: bool) -> ProviderError:
        if failure.code != "refused_address":
            return super()._unreached(failure, acting=acting)
        detail = f"{failure.detail} The operator of Waybill can allow this host with WAHA_PRIVATE_HOSTS."
        return ProviderError("address_refused", detail[: refusals.DETAIL_LIMIT], unauthorized=True)

    def _request(self, method: str, path: str, *, acting: bool = False, **more: Any) -> http.Response:
        if not self._base_url:
            raise ProviderError("address_missing", "The channel has no address of a WAHA.", unauthorized=True)
        headers = {"X-Api-Key": self._credentials.token, **more.pop("headers", {})}
        allowed = may_be_private(self._base_url)
        return self._call(method, self._base_url + path, headers=headers, allow_private=allowed, acting=acting, **more)


def may_be_private(base_url: str) -> bool:
    """Whether the operator of Waybill trusts this host in a private network. Members only type its address."""
    parts = urlsplit(base_url)
    names = {(parts.hostname or "").lower(), parts.netloc.rpartition("@")[2].lower()}
    return bool(names & {host.lower() for host in settings.WAHA_PRIVATE_HOSTS})


def as_list(value: Any) -> list[Any]:
    """The JSON value of an answer that must be a list. Raises ProviderError."""
    if not isinstance(value, list):
        raise ProviderError("unreadable_answer", "The answer is not what WAHA promises.")
    return value


def as_object(value: Any) -> dict[str, Any]:
    """The JSON value of an answer that must be an object. Raises ProviderError."""
    if not isinstance(value, dict):
        raise ProviderError("unreadable_answer", "The answer is not what WAHA promises.")
    return value
