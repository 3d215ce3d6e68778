"""Graph's routes: method and path below the version to deed. What is not here answers as an unknown object does."""

import email.parser
import email.policy
import hashlib
import re
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

from channels_app.providers.cloud.simulator.errors import error_body, refused, unknown_object
from channels_app.providers.cloud.simulator.sending import Sending
from channels_app.providers.cloud.simulator.state import Number, State
from channels_app.providers.simulating.exchange import Done, File, Refusal, Request
from channels_app.providers.simulating.faults import Rule
from kernel import http

VERSION = re.compile(r"/v\d+\.\d(?=/)")
MEDIA_URL_SECONDS = 300
SIZES = {"image": 5, "video": 16, "audio": 16, "application": 100, "text": 100}

Deed = Callable[..., Any]


class Api:
    """Answers as Graph. Raises Refusal."""

    def __init__(self, state: State, sending: Sending, base_url: Callable[[], str]):
        self._state = state
        self._sending = sending
        self._base_url = base_url
        self._media_key = secrets.token_hex(8)
        self._routes: list[tuple[str, re.Pattern[str], Deed]] = [
            (method, re.compile(pattern), deed)
            for method, pattern, deed in (
                ("POST", r"/(\d+)/messages", self._message),
                ("POST", r"/(\d+)/media", self._upload),
                ("GET", r"/(\d+)/phone_numbers", self._numbers),
                ("GET", r"/(\d+)/message_templates", self._templates),
                ("GET", r"/(\d+)/subscribed_apps", self._subscriptions),
                ("POST", r"/(\d+)/subscribed_apps", self._subscribe),
                ("DELETE", r"/(\d+)/subscribed_apps", self._unsubscribe),
                ("GET", r"/(\d+)", self._object),
                ("POST", r"/(\d+)/?", self._configure),
                ("DELETE", r"/(\d+)", self._delete_file),
            )
        ]

    def serve(self, request: Request, rule: Rule) -> Done:
        path = VERSION.sub("", request.path, count=1)
        self._authorise(request, path)
        if path == "/attachments/":
            return Done(self._download(request))
        for method, pattern, deed in self._routes:
            found = pattern.fullmatch(path) if method == request.method else None
            if found:
                result = deed(request, rule, *map(unquote, found.groups()))
                return result if isinstance(result, Done) else Done(result)
        raise unknown_object(path.strip("/"))

    def _authorise(self, request: Request, path: str) -> None:
        """A token that starts with `sim_` becomes known with the first number that it asks for."""
        token = request.bearer
        if not token:
            raise Refusal(
                401, "", body=error_body(190, message="An access token is required to request this resource.")
            )
        asked = re.match(r"/(\d+)", path)
        number = self._state.find(asked[1]) if asked else None
        fresh = token.startswith("sim_") and not self._state.known_token(token)
        if number is None and asked and fresh and not self._state.of_account(asked[1]):
            self._state.add(token, phone_number_id=asked[1])
        if not self._state.known_token(token):
            raise Refusal(
                401, "", body=error_body(190, message="Invalid OAuth access token - Cannot parse access token")
            )
        owner = self._state.find(token)
        if owner is not None and owner.token_expired:
            raise Refusal(401, "", body=error_body(190, subcode=463))

    def _number(self, request: Request, phone_number_id: str) -> Number:
        number = self._state.find(phone_number_id)
        if number is None or number.phone_number_id != phone_number_id or number.token != request.bearer:
            raise unknown_object(phone_number_id)
        return number

    # --- Messages and files ---

    def _message(self, request: Request, rule: Rule, phone_number_id: str) -> Done:
        number = self._number(request, phone_number_id)
        if number.state in ("PENDING", "DISCONNECTED", "DELETED"):
            raise refused(133010)
        if number.state == "BANNED":
            raise refused(368, "The WhatsApp Business Account has been restricted or disabled.")
        return self._sending.post(number, _json(request), rule)

    def _upload(self, request: Request, rule: Rule, phone_number_id: str) -> Any:
        number = self._number(request, phone_number_id)
        fields, file = _form(request)
        if fields.get("messaging_product") != "whatsapp":
            raise refused(100, "The parameter messaging_product is required.")
        if file is None:
            raise refused(100, "The parameter file is required.")
        mime_type, content, name = file
        mime_type = fields.get("type") or mime_type
        if len(content) > SIZES.get(mime_type.split("/")[0], 100) * 1024 * 1024:
            raise refused(100, "The file is too large for its type.")
        return {"id": self._state.keep_file(number, mime_type, content, name).id}

    def _delete_file(self, request: Request, rule: Rule, file_id: str) -> Any:
        number, file = self._file(request, file_id)
        number.files.pop(file.id, None)
        return {"success": True}

    def _file(self, request: Request, file_id: str) -> tuple[Number, File]:
        found = self._state.file(file_id)
        if found is None or found[0].token != request.bearer:
            raise unknown_object(file_id)
        return found

    def _described_file(self, file: File) -> dict[str, Any]:
        """The address lives five minutes; the hash is hex here and base64 in webhooks."""
        ends = int(time.time()) + MEDIA_URL_SECONDS
        query = urlencode({"mid": file.id, "ext": ends, "hash": self._media_hash(file.id, ends)})
        return {
            "messaging_product": "whatsapp",
            "url": f"{self._base_url()}/attachments/?{query}",
            "mime_type": file.mime_type,
            "sha256": hashlib.sha256(file.content).hexdigest(),
            "file_size": str(len(file.content)),
            "id": file.id,
        }

    def _download(self, request: Request) -> File:
        query = request.query
        ends = int(query.get("ext", 0))
        if query.get("hash") != self._media_hash(query.get("mid", ""), ends) or ends < time.time():
            raise Refusal(404, "", body="<html>Not found</html>")
        return self._file(request, query["mid"])[1]

    def _media_hash(self, file_id: str, ends: int) -> str:
        return hashlib.sha256(f"{self._media_key} {file_id} {ends}".encode()).hexdigest()[:24]

    # --- Numbers and accounts ---

    def _object(self, request: Request, rule: Rule, object_id: str) -> Any:
        """A number, a file or an account, by its id."""
        number = self._state.find(object_id)
        if number is not None and number.token == request.bearer:
            return _chosen(number.described(), request)
        if self._of_account(request, object_id):
            return _chosen({"id": object_id, "name": "Demo account", "currency": "USD"}, request)
        return self._described_file(self._file(request, object_id)[1])

    def _configure(self, request: Request, rule: Rule, phone_number_id: str) -> Any:
        """Where the number's webhooks go; an address is tried before it is taken."""
        number = self._number(request, phone_number_id)
        values = _json(request).get("webhook_configuration", {})
        if "override_callback_uri" not in values:
            raise refused(100, "The parameter webhook_configuration is required.")
        number.webhook_url = self._verified(values)
        self._state.save()
        return {"success": True}

    def _numbers(self, request: Request, rule: Rule, waba_id: str) -> Any:
        return {"data": [_chosen(number.described(), request) for number in self._of_account(request, waba_id)]}

    def _templates(self, request: Request, rule: Rule, waba_id: str) -> Any:
        """Pages of `limit`, with a cursor as Graph gives them."""
        if not self._of_account(request, waba_id):
            raise unknown_object(waba_id)
        templates = self._state.templates_of(waba_id)
        start, limit = int(request.query.get("after") or 0), int(request.query.get("limit", 25))
        page = templates[start : start + limit]
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(start + len(page))}}
        if start + limit < len(templates):
            paging["next"] = f"{self._base_url()}{request.path}?after={start + limit}"
        answer = {"data": [_chosen(one, request) for one in page], "paging": paging}
        count = len(templates)
        summary = {"total_count": count, "message_template_count": count, "message_template_limit": 6000}
        asked = request.query.get("summary")
        return {**answer, "summary": {**summary, "are_translations_complete": True}} if asked else answer

    def _subscriptions(self, request: Request, rule: Rule, waba_id: str) -> Any:
        subscribed = any(number.subscribed for number in self._of_account(request, waba_id))
        app = {"whatsapp_business_api_data": {"name": "Demo app", "id": "900000000000001"}}
        return {"data": [app] if subscribed else []}

    def _subscribe(self, request: Request, rule: Rule, waba_id: str) -> Any:
        """With an address of its own the account's numbers are called there, unless they have one themselves."""
        numbers = self._of_account(request, waba_id)
        if not numbers:
            raise unknown_object(waba_id)
        values = _json(request)
        url = self._verified(values) if values.get("override_callback_uri") else ""
        for number in numbers:
            number.subscribed = True
            number.webhook_url = number.webhook_url or url
        self._state.save()
        return {"success": True}

    def _unsubscribe(self, request: Request, rule: Rule, waba_id: str) -> Any:
        for number in self._of_account(request, waba_id):
            number.subscribed = False
        self._state.save()
        return {"success": True}

    def _of_account(self, request: Request, waba_id: str) -> list[Number]:
        return [number for number in self._state.of_account(waba_id) if number.token == request.bearer]

    def _verified(self, values: dict[str, Any]) -> str:
        """The address, once it has answered the challenge. An empty one takes the override away."""
        url = str(values["override_callback_uri"])
        if not url:
            return ""
        challenge = str(secrets.randbelow(10**10))
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": values.get("verify_token", ""),
        }
        try:
            answer = http.request(
                "GET",
                url,
                params=query,
                deadline=self._state.options.webhook_seconds,
                max_bytes=4096,
                allow_private=True,
            )
            said = answer.body.decode() if answer.status == 200 else f"HTTP {answer.status}"
        except http.HttpFailure as failure:
            said = failure.code
        if said != challenge:
            body = error_body(
                2200, f"Callback verification failed: {said[:60]}", message="(#2200) Callback verification failed"
            )
            raise Refusal(400, "", body=body)
        return url


def _chosen(described: dict[str, Any], request: Request) -> dict[str, Any]:
    """What `fields` names, and always the id."""
    asked = [name for name in request.query.get("fields", "").split(",") if name]
    return {name: value for name, value in described.items() if not asked or name == "id" or name in asked}


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise refused(100, "The body must be JSON.") from None


def _form(request: Request) -> tuple[dict[str, str], tuple[str, bytes, str] | None]:
    """The fields, and the file as (type, content, name), of a multipart body."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    fields: dict[str, str] = {}
    file = None
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True) or b""
        if name == "file":
            file = part.get_content_type(), content, unquote(part.get_filename() or "")
        elif name:
            fields[str(name)] = content.decode("utf-8", "replace")
    return fields, file
