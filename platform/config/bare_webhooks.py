"""Webhooks pass the middleware by: machines bring no session, no form and no page."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase
from django.urls import resolve

PREFIX = "/api/webhooks/"


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


def answer(request: HttpRequest) -> HttpResponseBase:
    """The view's answer. Raises Resolver404, which leaves as a 404."""
    match = request.resolver_match = resolve(request.path_info)
    return match.func(request, *match.args, **match.kwargs)
