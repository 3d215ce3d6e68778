"""Graph URLs and JSON, for one call of the adapter: all its requests share one deadline."""

import secrets
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from channels_app.providers.base import Credentials
from channels_app.providers.calling import Calls, value_of
from channels_app.providers.cloud import limits, refusals
from kernel import http


class Client(Calls):
    """Bearer token in the header. Paths are below the version. Raises ProviderError."""

    vendor = "Meta"
    refusal = staticmethod(refusals.refusal)
    answer_limit_bytes = limits.ANSWER_LIMIT_BYTES

    def __init__(self, credentials: Credentials, deadline: float):
        super().__init__(deadline)
        self._token = credentials.token
        base_url = (credentials.base_url or limits.BASE_URL).rstrip("/")
        self._root = base_url if limits.VERSIONED.search(base_url) else f"{base_url}/{limits.VERSION}"
        # An own base URL is the operator's setting, so it may be a private address (the simulator, a proxy).
        self._own = bool(credentials.base_url)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._object(self._request("GET", path, params=params or None), acting=False)

    def act(self, method: str, path: str, json: Any = None, *, repeatable: bool = True) -> dict[str, Any]:
        """A request that changes something. `repeatable`: doing it twice does no harm, so nothing stays uncertain."""
        return self._object(self._request(method, path, json=json, acting=not repeatable), acting=not repeatable)

    def upload(self, path: str, content: BinaryIO, *, size: int, mime_type: str, file_name: str) -> dict[str, Any]:
        """A multipart form with the file, read as it is sent. Sends nothing to anybody, so it may be repeated."""
        form = _Form({"messaging_product": "whatsapp", "type": mime_type}, content, size, mime_type, file_name)
        headers = {"Content-Type": f"multipart/form-data; boundary={form.boundary}"}
        return self._object(self._request("POST", path, data=form, headers=headers), acting=False)

    def download(self, url: str, sink: BinaryIO, limit_bytes: int) -> http.Response:
        """A file at the address that Graph named. The token goes only where Meta keeps files."""
        host = urlsplit(url).hostname or ""
        own = self._own and url.startswith(self._root.rsplit("/", 1)[0] + "/")
        trusted = own or any(host == known or host.endswith(f".{known}") for known in limits.MEDIA_HOSTS)
        headers = {"Authorization": f"Bearer {self._token}"} if trusted else {}
        more = {"headers": headers, "sink": sink, "max_bytes": limit_bytes, "allow_private": own}
        return self._call("GET", url, acting=False, **more)

    def _request(self, method: str, path: str, *, acting: bool = False, **more: Any) -> http.Response:
        headers = {"Authorization": f"Bearer {self._token}", **more.pop("headers", {})}
        return self._call(method, self._root + path, headers=headers, allow_private=self._own, acting=acting, **more)

    def _object(self, answer: http.Response, *, acting: bool) -> dict[str, Any]:
        value = value_of(answer)
        if not isinstance(value, dict):
            raise self._unreadable(answer, acting=acting)
        if isinstance(value.get("error"), dict):
            raise refusals.refusal(answer.status, answer.headers, value, acting=acting)
        return value


class _Form:
    """A multipart body (RFC 7578) with some fields and one file, as a stream of known length."""

    def __init__(self, fields: dict[str, str], content: BinaryIO, size: int, mime_type: str, file_name: str):
        self.boundary = secrets.token_hex(16)
        parts = [
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        disposition = f'form-data; name="file"; filename="{quote(file_name or "file", safe=" .,-_()")}"'
        parts.append(f"--{self.boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {mime_type}\r\n\r\n")
        self._head = "".join(parts).encode()
        self._tail = f"\r\n--{self.boundary}--\r\n".encode()
        self._content = content
        self.len = len(self._head) + size + len(self._tail)
        self._pieces = self._generated()
        self._rest = b""

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return taken

    def _generated(self) -> Iterator[bytes]:
        yield self._head
        while piece := self._content.read(65_536):
            yield piece
        yield self._tail
