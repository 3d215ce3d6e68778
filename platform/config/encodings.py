"""Forms come in UTF-8. Some of Python's encodings are none of text: they would break whoever reads the form."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from kernel.api import problem

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
UTF_8 = {"", "utf-8", "utf8", "us-ascii", "ascii"}
SENTENCE = "Forms are sent to Waybill in UTF-8."


class OnlyUtf8:
    """Refuses a form that names another encoding with 415, before anything reads it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest):
        is_form = request.content_type in FORMS
        if not is_form or request.content_params.get("charset", "").lower() in UTF_8:
            return self.get_response(request)
        return _in_an_event_loop(request) if iscoroutinefunction(self) else _refusal(request)


async def _in_an_event_loop(request: HttpRequest) -> HttpResponseBase:
    return _refusal(request)


def _refusal(request: HttpRequest) -> HttpResponseBase:
    if request.path_info.startswith("/api/"):
        return problem(415, "unsupported_charset", "UnsupportedCharset", SENTENCE)
    return HttpResponse(SENTENCE, status=415, content_type="text/plain; charset=utf-8")
