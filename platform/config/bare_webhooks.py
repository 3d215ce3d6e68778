"""Webhooks pass the middleware by: machines bring no session, no form and no page."""

import threading
import time
from functools import lru_cache

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch, resolve

PREFIX = "/api/webhooks/"
LOOK_SECONDS = 2.0
_ADDRESSES_KEPT = 4096


class BareWebhooks:
    """First in MIDDLEWARE. About a third of a webhook's processor time went into middleware that had nothing to do."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest):
        if iscoroutinefunction(self):
            return self._in_an_event_loop(request)
        return answer(request) if request.path_info.startswith(PREFIX) else self.get_response(request)

    async def _in_an_event_loop(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(PREFIX):
            return await sync_to_async(answer)(request)
        return await self.get_response(request)


class Handler(WSGIHandler):
    """Django's, but for webhooks: they pass by the signals around a request too. What these do for connections to the
    database (close the old, look whether the others live) is done now and then."""

    def __init__(self):
        super().__init__()
        self._mine = threading.local()

    def __call__(self, environ, start_response):
        if not environ.get("PATH_INFO", "").startswith(PREFIX):
            return super().__call__(environ, start_response)
        if time.monotonic() > getattr(self._mine, "look_at", 0.0):
            close_old_connections()
            self._mine.look_at = time.monotonic() + LOOK_SECONDS
        response = _answer_or_error(WSGIRequest(environ))
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]


def answer(request: HttpRequest) -> HttpResponseBase:
    """The view's answer. Raises Resolver404, which leaves as a 404."""
    match = request.resolver_match = _resolve(request.path_info)
    return match.func(request, *match.args, **match.kwargs)


_answer_or_error = convert_exception_to_response(answer)


@lru_cache(_ADDRESSES_KEPT)
def _resolve(path: str) -> ResolverMatch:
    return resolve(path)
