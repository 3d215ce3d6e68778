"""OpenAPI for all of the API: an operation that documents no refusals may still answer a problem document."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from kernel.api import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for people."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "errors": {
            "type": "object",
            "description": "The fields that cannot be used, each with sentences for people.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


class WaybillSchema(AutoSchema):
    def get_operation(self, *args: Any, **kwargs: Any) -> dict | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None and not any(status >= "400" for status in operation["responses"]):
            problem = ResolvedComponent("Problem", ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem")
            self.registry.register_on_missing(problem)
            operation["responses"]["default"] = {
                "description": "Refused.",
                "content": {CONTENT_TYPE: {"schema": problem.ref}},
            }
        return operation
