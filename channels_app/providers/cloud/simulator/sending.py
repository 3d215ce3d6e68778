"""What happens when a client sends: checks as Meta makes them, the message, and the reports that follow."""

import random
import re
import time
from collections.abc import Callable
from typing import Any

from channels_app.providers.cloud.simulator.errors import failure, refused
from channels_app.providers.cloud.simulator.state import Number, State, new_message_id, seconds_now, user_id_of
from channels_app.providers.simulating.exchange import Done
from channels_app.providers.simulating.faults import Rule
from channels_app.providers.simulating.webhooks import Event, Webhooks

DAY_SECONDS = 86_400
PAIR_SECONDS = 6
MEDIA = ("image", "video", "audio", "document", "sticker")
TYPES = ("text", *MEDIA, "location", "contacts", "reaction", "interactive", "template")
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
UNREACHABLE = "15550100299"
"""A number that never gets anything: every message to it fails with 131026."""


class Sending:
    """POST /{phone_number_id}/messages."""

    def __init__(self, state: State, webhooks: Webhooks):
        self._state = state
        self._webhooks = webhooks
        self.reached: list[Callable[[Number, dict[str, Any]], None]] = []

    def post(self, number: Number, data: Any, rule: Rule) -> Done:
        """A message, a reaction, or (with `status`) a read receipt with or without typing."""
        if not isinstance(data, dict) or data.get("messaging_product") != "whatsapp":
            raise refused(100, "The parameter messaging_product is required.")
        if data.get("status") == "read":
            return self._read(number, data)
        kind = data.get("type", "text")
        if kind not in TYPES or not isinstance(data.get(kind), (dict, list)):
            raise refused(131008 if kind in TYPES else 100, f"The parameter {kind} is required.")
        to = str(data.get("to") or data.get("recipient") or "")
        if not to:
            raise refused(131008, "The parameter to is required.")
        person = re.sub(r"\D", "", to) if data.get("to") and data.get("recipient_type") != "group" else to
        self._check_limits(number, person)
        self._check(number, kind, data[kind])
        if kind == "reaction":
            return self._react(number, person, data["reaction"], rule)
        return self._send(number, person, kind, data, rule)

    def _send(self, number: Number, person: str, kind: str, data: dict[str, Any], rule: Rule) -> Done:
        message = {
            "id": new_message_id(person),
            "from": number.number,
            "to": person,
            "timestamp": seconds_now(),
            "type": kind,
            kind: self._content(number, kind, data[kind]),
            "outgoing": True,
        }
        if data.get("context", {}).get("message_id"):
            message["context"] = {"id": data["context"]["message_id"]}
        if data.get("recipient_type") == "group":
            message["group_id"] = person
        self._state.keep_message(number, message)
        by_number = bool(data.get("to"))
        contact = {"input": data.get("to") or data["recipient"], ("wa_id" if by_number else "user_id"): person}
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": message["id"], **({"message_status": "accepted"} if kind == "template" else {})}],
        }
        return Done(answer, self._consequences(number, message, data, rule))

    def _consequences(
        self, number: Number, message: dict[str, Any], data: dict[str, Any], rule: Rule
    ) -> list[Callable[[], None]]:
        """The reports; the first of them at once when it is to come before the answer ("echo": Meta has none)."""
        reference = data.get("biz_opaque_callback_data", "")
        reports = self._reports(number, message, reference)
        when = rule.echo or ("before" if random.random() < self._state.options.echo_before else "after")
        if when == "before" and reports:
            first = Event("statuses", "", "statuses", reports.pop(0).items)
            self._webhooks.tell_now(number, first, {k: v for k, v in rule.webhooks.items() if k != "delay_ms"})
        if when == "never":
            reports = []

        def afterwards() -> None:
            self._webhooks.tell(number, reports, rule.webhooks)
            for listener in self.reached:
                listener(number, message)

        return [afterwards]

    def _reports(self, number: Number, message: dict[str, Any], reference: str) -> list[Event]:
        options = self._state.options
        if not options.statuses:
            return []
        code = self._failure(number, message)
        if code:
            report = status_of(message, "failed", reference=reference, error=code)
            return [Event("statuses", "", "statuses", [report], options.sent_seconds)]
        if message["type"] == "reaction":
            steps = [("sent", options.sent_seconds)]
        else:
            steps = [
                ("sent", options.sent_seconds),
                ("delivered", options.delivered_seconds),
                ("read", options.read_seconds),
            ]
        now = time.time()
        return [
            Event("statuses", "", "statuses", [status_of(message, name, reference=reference, at=now + wait)], wait)
            for name, wait in steps
        ]

    def _failure(self, number: Number, message: dict[str, Any]) -> int | None:
        if message["to"] == UNREACHABLE:
            return 131026
        outside = time.time() - number.wrote_at.get(message["to"], 0) > DAY_SECONDS
        return 131047 if number.enforces_window and outside and message["type"] != "template" else None

    def _react(self, number: Number, person: str, reaction: dict[str, Any], rule: Rule) -> Done:
        target = number.messages.get(str(reaction.get("message_id", "")))
        if target is None:
            raise refused(131009, "The message that is reacted to does not exist.")
        target["reaction_by_us"] = reaction.get("emoji", "")
        message = {"id": new_message_id(person), "to": person, "type": "reaction", "reaction": reaction}
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": person, "wa_id": person}],
            "messages": [{"id": message["id"]}],
        }
        reports = self._reports(number, message, "")
        return Done(answer, [lambda: self._webhooks.tell(number, reports, rule.webhooks)])

    def _read(self, number: Number, data: dict[str, Any]) -> Done:
        message = number.messages.get(str(data.get("message_id", "")))
        if message is None or message.get("outgoing"):
            if not self._state.options.demo:
                raise refused(100, "The message does not exist or was not received.")
        else:
            message["read_by_us"] = True
            message["typing_shown"] = "typing_indicator" in data
        return Done({"success": True})

    def _content(self, number: Number, kind: str, content: Any) -> Any:
        if kind not in MEDIA:
            return content
        file = number.files.get(content.get("id", ""))
        described = {"mime_type": file.mime_type, "sha256": file.sha256} if file else {}
        return {**content, **described}

    def _check(self, number: Number, kind: str, content: Any) -> None:
        if kind == "text" and not content.get("body"):
            raise refused(131008, "The parameter text['body'] is required.")
        if kind in MEDIA:
            if not content.get("id") and not content.get("link"):
                raise refused(131008, f"The parameter {kind}['id'] is required.")
            if content.get("id") and content["id"] not in number.files:
                raise refused(131009, f"The file {content['id']} does not exist.")
        if kind == "interactive":
            self._check_choices(content)
        if kind == "template":
            self._check_template(number, content)

    def _check_choices(self, content: dict[str, Any]) -> None:
        action = content.get("action", {})
        buttons = action.get("buttons", [])
        rows = [row for section in action.get("sections", []) for row in section.get("rows", [])]
        if not content.get("body", {}).get("text"):
            raise refused(131009, "The body of an interactive message is required.")
        if content.get("type") == "button" and not 1 <= len(buttons) <= 3:
            raise refused(131009, "Between 1 and 3 buttons are allowed.")
        if content.get("type") == "list" and not 1 <= len(rows) <= 10:
            raise refused(131009, "Between 1 and 10 rows are allowed.")
        if any(len(button.get("reply", {}).get("title", "")) > 20 for button in buttons):
            raise refused(131009, "A button's title has at most 20 characters.")

    def _check_template(self, number: Number, content: dict[str, Any]) -> None:
        name, language = content.get("name"), content.get("language", {}).get("code")
        templates = self._state.templates_of(number.waba_id)
        known = next((t for t in templates if (t["name"], t["language"]) == (name, language)), None)
        if known is None or known["status"] in ("PENDING", "REJECTED"):
            raise refused(132001, f"template name ({name}) does not exist in {language}")
        if known["status"] == "PAUSED":
            raise refused(132015, "Template is paused due to low quality so it cannot be sent in a template message.")
        given = {str(c.get("type", "")).lower(): c.get("parameters", []) for c in content.get("components", [])}
        for component in known["components"]:
            kind = component["type"].lower()
            if kind not in ("header", "body"):
                continue
            wanted = dict.fromkeys(PLACEHOLDER.findall(component.get("text", "")))
            if component.get("format", "TEXT") != "TEXT":
                wanted = {component["format"]: None}
                self._check_head(number, component["format"].lower(), given.get(kind, []))
            if len(given.get(kind, [])) != len(wanted):
                details = f"{kind}: number of localizable_params ({len(given.get(kind, []))}) does not match the "
                raise refused(132000, f"{details}expected number of params ({len(wanted)})")

    def _check_head(self, number: Number, kind: str, parameters: list[Any]) -> None:
        for one in parameters:
            file = one.get(kind) or {}
            if not file.get("link") and file.get("id") not in number.files:
                raise refused(131009, f"header: the {kind} needs a link or the id of a file")

    def _check_limits(self, number: Number, person: str) -> None:
        now = time.time()
        with self._state.lock:
            number.sent_at[:] = [(at, to) for at, to in number.sent_at if now - at < PAIR_SECONDS]
            in_second = sum(now - at < 1 for at, _ in number.sent_at)
            to_person = sum(to == person for _, to in number.sent_at)
            if number.per_second is not None and in_second >= number.per_second:
                raise refused(130429, "There were too many messages sent from this phone number in a short time.")
            if number.per_pair is not None and to_person >= number.per_pair:
                raise refused(131056, "There were too many messages sent to the same phone number in a short time.")
            number.sent_at.append((now, person))


def status_of(
    message: dict[str, Any], name: str, *, reference: str = "", error: int | None = None, at: float = 0
) -> dict[str, Any]:
    """A report; times are texts."""
    report: dict[str, Any] = {
        "id": message["id"],
        "status": name,
        "timestamp": str(int(at or time.time())),
        **({} if "." in message["to"] else {"recipient_id": message["to"]}),
    }
    if message.get("group_id"):
        report |= {"recipient_type": "group", "recipient_participant_id": "15550100201"}
    else:
        report["recipient_user_id"] = user_id_of(message["to"])
    if reference:
        report["biz_opaque_callback_data"] = reference
    if error:
        report["errors"] = [failure(error)]
    elif name in ("sent", "delivered"):
        report["pricing"] = {
            "billable": message["type"] == "template",
            "pricing_model": "PMP",
            "category": "utility" if message["type"] == "template" else "service",
            "type": "regular" if message["type"] == "template" else "free_customer_service",
        }
    return report
