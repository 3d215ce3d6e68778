"""What a refusal looks like to the scripts of the page: its status and one sentence."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from kernel.errors import DomainError
from kernel.sayings import said


def in_words(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turn every DomainError of `view` into plain text that the page shows where it happened."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            return HttpResponse(said(error.message), status=error.status, content_type="text/plain; charset=utf-8")

    return told
