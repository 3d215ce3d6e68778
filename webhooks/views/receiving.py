"""The door that providers call: authenticate, check, store, answer. Nothing here understands a body."""

import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.request import HttpHeaders
from django.views.decorators.csrf import csrf_exempt

from channels_app.selectors.channels import WebhookTarget, webhook_target
from kernel.api import problem
from kernel.together import Unfinished
from webhooks.services import applier
from webhooks.services.storing import count_refusal, store
from webhooks.services.vendors import VENDORS, Vendor

log = logging.getLogger("waybill.webhooks")

_BARE_VERBS = ("POST",)
_SUFFIX_VERBS = ("POST", "PUT", "PATCH", "DELETE")


class _Headers(Mapping[str, str]):
    """The headers of a request, without making a dictionary of all of them to look at one."""

    def __init__(self, environ: dict[str, Any]):
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        return self._environ[HttpHeaders.to_wsgi_name(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(HttpHeaders(self._environ))

    def __len__(self) -> int:
        return len(HttpHeaders(self._environ))


class Refused(Exception):
    """A request that is not stored. `rule` is its name in the log, `reason` the sentence that the caller reads."""

    def __init__(self, status: int, rule: str, reason: str):
        self.status = status
        self.rule = rule
        self.reason = reason
        super().__init__(reason)


@csrf_exempt
def receive(request: HttpRequest, provider: str, channel_id: str, suffix: str = "") -> HttpResponse:
    """Store the body and answer 200 `{"received": n}` once it is committed.

    A vendor that tries the address first does so with GET, and gets its challenge back, or 403.
    405 other verbs, 413 over the limit, 404 no such channel, 401 not proven, 400 not a JSON object; 503 when the
    database cannot take it, so that the provider keeps it.
    """
    suffix = suffix.strip("/")
    verbs = _SUFFIX_VERBS if suffix else _verbs(provider)
    key = _uuid_or_none(channel_id)
    target = None
    try:
        target = _target(provider, key)
        if request.method not in verbs:
            raise Refused(405, "method_not_allowed", f"Webhooks are sent to this URL with {' or '.join(verbs)}.")
        body = _read_body(request)
        if target is None:
            raise Refused(404, "unknown_channel", "No channel has this webhook URL.")
        vendor = VENDORS[provider]
        if request.method == "GET":
            return _echo(vendor, request, target)
        if not vendor.proves(_Headers(request.META), body, target):
            raise Refused(401, "not_proven", vendor.refusal)
        document = _json_object(body)
        received = vendor.count(document) if document is not None else 1
        store(workspace_id=target.workspace_id, channel_id=key, method=request.method, suffix=suffix, body=body)
    except Refused as refusal:
        return _refusal_answer(request, refusal, verbs, target, key)
    except (Error, Unfinished) as error:
        close_old_connections()  # a dead one would fail the next webhook too, where a server's threads keep theirs
        log.error("webhook.not_stored channel=%s error=%s", key, type(error).__name__)
        return problem(
            503,
            "not_stored",
            "NotStored",
            "The database cannot take the event now. Send it again.",
            headers={"Retry-After": "5"},
        )
    _wake_applier()
    return HttpResponse(b'{"received": %d}' % received, content_type="application/json")


def _wake_applier() -> None:
    """Outside a transaction at once: Django's hook would first open a connection, and another may have stored it."""
    if connection.in_atomic_block:
        transaction.on_commit(applier.wake)
    else:
        applier.wake()


def _verbs(provider: str) -> tuple[str, ...]:
    vendor = VENDORS.get(provider)
    return ("GET", *_BARE_VERBS) if vendor is not None and vendor.echo is not None else _BARE_VERBS


def _echo(vendor: Vendor, request: HttpRequest, target: WebhookTarget) -> HttpResponse:
    """The challenge as it came, as plain text. Raises Refused."""
    challenge = vendor.echo(request.GET, target) if vendor.echo is not None else None
    if challenge is None:
        raise Refused(403, "wrong_verify_token", "The verify token is not the one of this channel.")
    return HttpResponse(challenge, content_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})


def _target(provider: str, channel_id: uuid.UUID | None) -> WebhookTarget | None:
    target = webhook_target(channel_id) if channel_id is not None and provider in VENDORS else None
    return target if target is not None and target.provider == provider else None


def _read_body(request: HttpRequest) -> bytes:
    """Nothing is read of a body that announces too much; of one that announces nothing, one byte over the limit."""
    limit = settings.WEBHOOK_BODY_LIMIT_BYTES
    announced = request.META.get("CONTENT_LENGTH") or ""
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large()
    chunked = not announced and request.META.get("wsgi.input_terminated")
    stream: Any = request.META["wsgi.input"] if chunked else request
    pieces, size = [], 0
    try:
        while size <= limit and (piece := stream.read(limit + 1 - size)):
            pieces.append(piece)
            size += len(piece)
    except UnreadablePostError:
        raise Refused(400, "cut_off", "The body ended before its announced length.") from None
    if size > limit:
        raise _too_large()
    return b"".join(pieces)


def _too_large() -> Refused:
    limit = settings.WEBHOOK_BODY_LIMIT_BYTES // (1024 * 1024)
    return Refused(413, "too_large", f"A webhook body may hold at most {limit} MB.")


def _json_object(body: bytes) -> dict[str, Any] | None:
    """The decoded object; None when it is nested too deeply to be read here, which is no reason to lose it."""
    try:
        document = json.loads(body)
    except RecursionError:
        if body.lstrip()[:1] == b"{":
            return None
        raise Refused(400, "not_an_object", "The body must be a JSON object.") from None
    except ValueError:
        raise Refused(400, "not_json", "The body must be JSON in UTF-8.") from None
    if not isinstance(document, dict):
        raise Refused(400, "not_an_object", "The body must be a JSON object.")
    return document


def _refusal_answer(
    request: HttpRequest,
    refusal: Refused,
    verbs: tuple[str, ...],
    target: WebhookTarget | None,
    channel_id: uuid.UUID | None,
) -> HttpResponse:
    whose = {"workspace_id": target.workspace_id, "channel_id": channel_id} if target else {}
    count_refusal(rule=refusal.rule, reason=refusal.reason, method=request.method[:6], **whose)
    headers = {"Allow": ", ".join(verbs)} if refusal.status == 405 else {}
    return problem(refusal.status, refusal.rule, "Refused", refusal.reason, headers=headers)


def _uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
