"""Checks requests against a provider's published OpenAPI 3.0 file."""

import re
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft4Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

ROOT = "urn:published"


class PublishedApi:
    """Raises AssertionError with everything that is wrong with a request."""

    def __init__(self, path: Path):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._document = as_json_schema(yaml.load(path.read_text(), Loader=loader))  # a safe loader
        self._registry = Registry().with_resource(ROOT, DRAFT4.create_resource(self._document))

    def check(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any) -> None:
        template, names, operation = self._operation(method, path)
        parameters = [self._followed(p) for p in operation.get("parameters", [])]
        known = {(p["in"], p["name"]): p for p in parameters}
        problems = []
        for name, value in query.items():
            if ("query", name) not in known:
                problems.append(f"query parameter {name!r} is not known")
            else:
                problems += self._problems(_cast(value, known["query", name]["schema"]), known["query", name]["schema"])
        for name, value in names.items():
            problems += self._problems(value, known["path", name]["schema"])
        problems += self._body_problems(operation, headers, body)
        assert not problems, f"{method} {path} ({template}): {'; '.join(problems)}"

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, str], dict[str, Any]]:
        def rank(template: str) -> int:
            return template.count("{")  # /messages/list before /messages/{MessageID}

        for template in sorted(self._document["paths"], key=rank):
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            found = re.fullmatch(pattern, path)
            if found and method.lower() in self._document["paths"][template]:
                return template, found.groupdict(), self._document["paths"][template][method.lower()]
        raise AssertionError(f"{method} {path} is not in the published file")

    def _body_problems(self, operation: dict[str, Any], headers: dict[str, str], body: Any) -> list[str]:
        described = self._followed(operation.get("requestBody", {})).get("content", {})
        if body is None:
            return []
        kind = headers.get("content-type", "").split(";")[0]
        if kind not in described:
            return [f"a body of type {kind!r} is not described"]
        if kind != "application/json":
            return []
        schema = described[kind]["schema"]
        unknown = set(body) - self._properties(schema)
        return self._problems(body, schema) + [f"field {name!r} is not known" for name in sorted(unknown)]

    def _problems(self, value: Any, schema: dict[str, Any]) -> list[str]:
        whole = {"allOf": [_absolute(schema)]}
        return [
            f"{'/'.join(map(str, error.absolute_path)) or 'value'}: {error.message}"
            for error in Draft4Validator(whole, registry=self._registry).iter_errors(value)
        ]

    def _properties(self, schema: dict[str, Any]) -> set[str]:
        schema = self._followed(schema)
        found = set(schema.get("properties", {}))
        for part in schema.get("allOf", []) + schema.get("anyOf", []):
            found |= self._properties(part)
        return found

    def _followed(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            target: Any = self._document
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            value = target
        return value


def as_json_schema(value: Any) -> Any:
    """OpenAPI 3.0 schemas as JSON Schema draft 4.

    `nullable` becomes a type; `oneOf` becomes `anyOf`, because the file gives alternatives (all of them plain strings)
    that nothing could tell apart.
    """
    if isinstance(value, list):
        return [as_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {("anyOf" if key == "oneOf" else key): as_json_schema(item) for key, item in value.items()}
    if changed.pop("nullable", False) is True and isinstance(changed.get("type"), str):
        changed["type"] = [changed["type"], "null"]
    return changed


def _absolute(value: Any) -> Any:
    """References into the document from a schema that stands outside of it."""
    if isinstance(value, list):
        return [_absolute(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"{ROOT}{item}" if key == "$ref" and isinstance(item, str) else _absolute(item)
        for key, item in value.items()
    }


def _cast(value: str, schema: dict[str, Any]) -> Any:
    """A query parameter as its type."""
    kind = schema.get("type")
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    if kind in ("number", "integer"):
        try:
            return float(value) if kind == "number" else int(value)
        except ValueError:
            return value
    return value
