"""What every endpoint of the inbox asks of a request, and how lists are documented."""

import uuid
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api import BodyTooLarge
from kernel.errors import Invalid
from kernel.paging import Page

LIMIT = OpenApiParameter("limit", int, description="Rows per page, 1 to 200; 50 when not given.")
CURSOR = OpenApiParameter("cursor", str, description="`next` of the page before.")


def page_of(shape: type[serializers.Serializer]) -> Any:
    name = shape.__name__.removesuffix("Shape")
    return inline_serializer(
        f"{name}Page", {"results": shape(many=True), "next": serializers.CharField(allow_null=True)}
    )


def paged(page: Page, shape: Any) -> Response:
    return Response({"results": [shape(row) for row in page.rows], "next": page.next})


def body_of(request: Request) -> Any:
    """The JSON object of the request. Raises BodyTooLarge, and Invalid for lists and bare values."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdigit() or int(announced) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise BodyTooLarge
    if not isinstance(request.data, dict):
        raise Invalid("The body must be a JSON object.")
    return request.data


def uuid_or_none(raw: str | None, name: str) -> uuid.UUID | None:
    """A UUID of the query string. Raises Invalid."""
    if not raw:
        return None
    try:
        return uuid.UUID(raw)
    except ValueError:
        raise Invalid(f"{name} must be the id of a {name}.", fields={name: ["not an id"]}) from None


def yes_or_none(raw: str | None, name: str) -> bool | None:
    """1 or true, 0 or false, or nothing. Raises Invalid."""
    match (raw or "").lower():
        case "":
            return None
        case "1" | "true":
            return True
        case "0" | "false":
            return False
    raise Invalid(f"{name} must be 1 or 0.", fields={name: ["1 or 0"]})
