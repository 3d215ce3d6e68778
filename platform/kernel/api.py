"""The one shape of API errors: RFC 9457 problem documents."""

import json
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant

from kernel.errors import DomainError, Invalid

CONTENT_TYPE = "application/problem+json"


class BodyTooLarge(Invalid):
    code = "body_too_large"
    status = 413
    message = "The body is larger than 5 MB. Files are uploaded with POST /attachments."


class JsonBody(JSONParser):
    """JSON in UTF-8, whatever encoding the request names: some of Python's decompress. Never more than the limit."""

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: dict | None = None) -> Any:
        """Raises BodyTooLarge, also for a body that announced no length, and ParseError."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            return json.loads(body.decode(), parse_constant=strict_constant)
        except (ValueError, RecursionError):
            raise exceptions.ParseError("The body is not JSON in UTF-8, or is nested too deeply.") from None


def problem(
    status: int, code: str, title: str, detail: str, errors: dict | None = None, headers: dict | None = None
) -> HttpResponse:
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    if errors:
        body["errors"] = errors
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=headers or {})


def problem_response(error: Exception, context: dict) -> HttpResponse | None:
    """DRF's exception handler: every refusal leaves as a problem document; anything else is a 500 elsewhere."""
    match error:
        case DomainError():
            return problem(error.status, error.code, type(error).__name__, error.message, error.fields)
        case Http404():
            return problem(404, "not_found", "NotFound", "There is nothing here, or it is not yours to see.")
        case PermissionDenied():
            return problem(403, "forbidden", "Forbidden", "Your role does not allow this.")
        case exceptions.ValidationError():
            errors = error.get_full_details() if isinstance(error.detail, dict) else {"body": error.detail}
            fields = {name: _messages(value) for name, value in errors.items()}
            return problem(400, "invalid", "Invalid", "Some fields cannot be used; see errors.", fields)
        case exceptions.APIException():
            headers = {}
            if getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = error.auth_header
            if getattr(error, "wait", None):
                headers["Retry-After"] = str(int(error.wait))
            return problem(
                error.status_code, error.default_code, type(error).__name__, str(error.detail), headers=headers
            )
    return None


def _messages(value: Any) -> list[str]:
    match value:
        case {"message": message}:
            return [str(message)]
        case dict():
            return [text for inner in value.values() for text in _messages(inner)]
        case list() | tuple():
            return [text for inner in value for text in _messages(inner)]
    return [str(value)]
