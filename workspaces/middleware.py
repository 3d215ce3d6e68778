"""The language of a page: the reader's. Programs and Django admin are answered in English."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

from workspaces.selectors.languages import language_of

IN_ENGLISH = ("/api/", "/admin/", "/static/", "/healthz", "/readyz", "/metrics")


class ReadersLanguage(MiddlewareMixin):
    """After the authentication. The thread is given back without a language: what it stores next is English."""

    def process_request(self, request: HttpRequest) -> None:
        request.reads = settings.LANGUAGE_CODE
        if not request.path_info.startswith(IN_ENGLISH):
            user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
            request.reads = language_of(user, request.headers.get("Accept-Language", ""))
        translation.activate(request.reads)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not request.path_info.startswith(IN_ENGLISH):
            patch_vary_headers(response, ["Accept-Language"])
            response.headers.setdefault("Content-Language", getattr(request, "reads", settings.LANGUAGE_CODE))
        translation.deactivate()
        return response
