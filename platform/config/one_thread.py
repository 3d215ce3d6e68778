"""Under an ASGI server all of a request is one piece of work on one thread: one hop there and back."""

from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase


class OneThreadHandler(ASGIHandler):
    """Django's, with the middleware loaded as under a WSGI server, because all our views are synchronous.

    Django's own chain hops to a thread and back for each middleware, and a synchronous one in its midst makes a thread
    wait for the event loop. When the server stops, the loop ends first; that thread, and so the process, never would.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    def create_request(self, scope: dict[str, Any], body_file: IO[bytes]) -> tuple[HttpRequest | None, Any]:
        """As Django's, which breaks when the charset of a request has a NUL in its name."""
        try:
            return super().create_request(scope, body_file)
        except ValueError:
            return None, HttpResponseBadRequest()

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response)(request)
