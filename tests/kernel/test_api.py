"""The shape of refusals."""

import json
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, serializers

from kernel.api import BodyTooLarge, JsonBody, problem_response
from kernel.errors import Conflict, Forbidden, Invalid, NotFound


def answered(error: Exception) -> tuple[int, dict]:
    response = problem_response(error, {})
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    assert body["status"] == response.status_code
    return response.status_code, body


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound(), 404, "not_found"),
        (Forbidden(), 403, "forbidden"),
        (Conflict(), 409, "conflict"),
        (Invalid("No.", code="special"), 400, "special"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "forbidden"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.ParseError(), 400, "parse_error"),
    ],
)
def test_every_refusal_is_a_problem_document(error, status, code):
    got_status, body = answered(error)
    assert (got_status, body["code"]) == (status, code)


def test_the_fields_of_a_refusal_are_named():
    _, body = answered(Invalid(fields={"name": ["Too long."]}))
    assert body["errors"] == {"name": ["Too long."]}


def test_the_fields_of_a_serializer_are_named_with_plain_sentences():
    class Inner(serializers.Serializer):
        number = serializers.IntegerField()

    class Outer(serializers.Serializer):
        name = serializers.CharField()
        inner = Inner()

    shape = Outer(data={"inner": {"number": "x"}})
    with pytest.raises(exceptions.ValidationError) as refusal:
        shape.is_valid(raise_exception=True)
    status, body = answered(refusal.value)
    assert status == 400
    assert body["errors"] == {"name": ["This field is required."], "inner": ["A valid integer is required."]}


def test_a_throttled_caller_is_told_when_to_come_back():
    assert problem_response(exceptions.Throttled(wait=7.2), {})["Retry-After"] == "8"


def test_an_accident_is_left_to_the_server():
    assert problem_response(ZeroDivisionError(), {}) is None


def test_a_body_that_announces_no_length_is_read_to_the_limit_and_no_further(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert JsonBody().parse(BytesIO(b'{"a": "b"}')) == {"a": "b"}
    endless = BytesIO(b" " * 1000)
    with pytest.raises(BodyTooLarge):
        JsonBody().parse(endless)
    assert endless.tell() == 11
