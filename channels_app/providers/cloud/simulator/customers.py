"""Customers and Meta act: what POST /_sim/inbound asks for becomes webhooks."""

import base64
import re
from typing import Any

from channels_app.providers.cloud.simulator.errors import failure
from channels_app.providers.cloud.simulator.sending import status_of
from channels_app.providers.cloud.simulator.state import Number, State, new_message_id, seconds_now, user_id_of
from channels_app.providers.simulating.samples import sample_file
from channels_app.providers.simulating.webhooks import Event, Webhooks

DEFAULT_CUSTOMER = "15550100201"
REPORTS = ("sent", "delivered", "read", "played", "failed")
MEDIA = ("image", "video", "audio", "voice", "document", "sticker")
UNTOLD = (
    "typing",
    "recording",
    "online",
    "offline",
    "vote",
    "group",
    "rename",
    "contact_name",
    "join",
    "leave",
    "promote",
    "demote",
)
"""Deeds of customers that Meta tells nobody."""


class Customers:
    """Does what POST /_sim/inbound asks for."""

    def __init__(self, state: State, webhooks: Webhooks):
        self._state = state
        self._webhooks = webhooks

    def act(self, number: Number, deed: dict[str, Any]) -> list[str]:
        """One deed, `count` times; the ids of the messages that came of it. Raises ValueError.

        type       a message type (also contact, button, quick_reply, list_reply, form_reply, order, system,
                   unsupported, poll), reaction, edit, revoke, call, a report (sent … failed),
                   echo (typed in the Business app), template_status, account, raw (a whole change)
        who        from (digits), name, bsuid (comes without a number), group_id
        what       text, target (a message id), emoji, quoted, media (base64), mime_type, file_name, code (of a
                   failed report), options, raw
        how        id, timestamp, removed (a reaction without an emoji's key), webhooks (as in a fault rule)
        """
        deed = dict(deed)
        tweaks = deed.pop("webhooks", {})
        events: list[Event] = []
        for place in range(int(deed.pop("count", 1))):
            values = {k: v.replace("{n}", str(place + 1)) if isinstance(v, str) else v for k, v in deed.items()}
            events += self._events(number, values)
        self._webhooks.tell(number, events, tweaks)
        return [item["id"] for e in events if e.key in ("messages", "message_echoes") for item in e.items]

    def _events(self, number: Number, deed: dict[str, Any]) -> list[Event]:
        kind = deed.get("type", "text")
        if kind in UNTOLD:
            return []
        if kind in REPORTS:
            return self._reports(number, kind, deed)
        if kind == "raw":
            return [Event(deed["raw"]["field"], "", "", deed["raw"]["value"])]
        if kind == "template_status":
            return [Event("message_template_status_update", "", "", self._template_news(number, deed))]
        if kind == "account":
            return [
                Event("account_update", "", "", deed.get("raw") or {"event": deed.get("text", "ACCOUNT_VIOLATION")})
            ]
        if kind == "call":
            return [self._call(number, deed)]
        if kind == "echo":
            return [self._echo(number, deed)]
        return [self._said(number, kind, deed)]

    def _said(self, number: Number, kind: str, deed: dict[str, Any]) -> Event:
        person = re.sub(r"\D", "", str(deed.get("from", DEFAULT_CUSTOMER)).split("@")[0])
        if deed.get("name"):
            number.names[person] = deed["name"]
        who = {"from_user_id": user_id_of(person)}
        if not deed.get("bsuid"):
            who["from"] = person
        content_kind, content = self._content(number, kind, deed)
        message: dict[str, Any] = {
            **who,
            "id": deed.get("id") or new_message_id(person),
            "timestamp": str(deed.get("timestamp") or seconds_now()),
            "type": content_kind,
            **content,
        }
        if deed.get("quoted"):
            message["context"] = {"from": number.number, "id": deed["quoted"]}
        if deed.get("group_id"):
            message["group_id"] = deed["group_id"]
        number.wrote_at[who.get("from") or who["from_user_id"]] = float(message["timestamp"])
        if content_kind not in ("reaction", "edit", "revoke"):
            self._state.keep_message(number, message)
        return Event("messages", "", "messages", [message])

    def _content(self, number: Number, kind: str, deed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        text = str(deed.get("text", ""))
        target = deed.get("target", "")
        if kind in MEDIA:
            return self._file(number, kind, text, deed)
        if kind == "text":
            return "text", {"text": {"body": text or "Hello"}}
        if kind == "location":
            place = {"latitude": 51.5, "longitude": -0.12, "name": text or "Demo square", "address": "1 Demo street"}
            return "location", {"location": place}
        if kind == "contact":
            phones = [{"phone": "+1 555-0100-250", "wa_id": "15550100250", "type": "CELL"}]
            card = {"name": {"formatted_name": text or "Demo Person", "first_name": "Demo"}, "phones": phones}
            return "contacts", {"contacts": [card]}
        if kind == "quick_reply":
            return "button", {"button": {"payload": deed.get("payload", "demo"), "text": text or "Confirm"}}
        if kind == "button":
            return _answer("button_reply", {"id": "demo-1", "title": text or "Confirm"})
        if kind == "list_reply":
            return _answer("list_reply", {"id": "row-1", "title": text or "Morning", "description": "08:00-12:00"})
        if kind == "form_reply":
            return _answer("nfm_reply", {"name": "flow", "body": "Sent", "response_json": text or '{"rating": "4"}'})
        if kind == "reaction":
            emoji = {} if deed.get("removed") else {"emoji": deed.get("emoji", "👍")}
            return "reaction", {"reaction": {"message_id": target, **emoji}}
        if kind == "edit":
            new = {"type": "text", "text": {"body": text}}
            return "edit", {"edit": {"original_message_id": target, "message": new}}
        if kind == "revoke":
            return "revoke", {"revoke": {"original_message_id": target}}
        if kind == "order":
            product = {"product_retailer_id": "SKU-1", "quantity": 2, "item_price": 3.5, "currency": "USD"}
            return "order", {"order": {"catalog_id": "500000000000001", "text": text, "product_items": [product]}}
        if kind == "system":
            changed = {"body": text or "The number changed", "wa_id": "15550100299", "type": "user_changed_number"}
            return "system", {"system": changed}
        if kind in ("unsupported", "poll"):
            return "unsupported", {"errors": [failure(131051)], "unsupported": {"type": "poll"}}
        raise ValueError(f"A customer cannot do {kind!r}.")

    def _file(self, number: Number, kind: str, text: str, deed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        mime_type, content, name = sample_file(kind)
        if deed.get("media"):
            content = base64.b64decode(deed["media"])
        file = self._state.keep_file(number, deed.get("mime_type", mime_type), content, deed.get("file_name", name))
        described: dict[str, Any] = {"id": file.id, "mime_type": file.mime_type, "sha256": file.sha256}
        if kind in ("audio", "voice"):
            described["voice"] = kind == "voice"
            kind = "audio"
        elif text:
            described["caption"] = text
        if kind == "document":
            described["filename"] = file.name
        return kind, {kind: described}

    def _reports(self, number: Number, name: str, deed: dict[str, Any]) -> list[Event]:
        """About `target`, or about every message of ours to the person."""
        person = str(deed.get("from", DEFAULT_CUSTOMER)).split("@")[0]
        if deed.get("target"):
            sent = [number.messages.get(deed["target"]) or {"id": deed["target"], "to": person, "type": "text"}]
        else:
            sent = [m for m in list(number.messages.values()) if m.get("outgoing") and m["to"] == person]
        code = int(deed.get("code", 131026)) if name == "failed" else None
        at = float(deed.get("timestamp", 0))
        reports = [
            status_of({"to": person, **m}, name, error=code, at=at, reference=deed.get("reference", "")) for m in sent
        ]
        return [Event("statuses", "", "statuses", [report]) for report in reports]

    def _echo(self, number: Number, deed: dict[str, Any]) -> Event:
        """Typed on our own phone, in the WhatsApp Business app."""
        person = str(deed.get("from", DEFAULT_CUSTOMER)).split("@")[0]
        message = {
            "from": number.number,
            "to": person,
            "id": deed.get("id") or new_message_id(person),
            "timestamp": str(deed.get("timestamp") or seconds_now()),
            "type": "text",
            "text": {"body": deed.get("text", "Sent from the phone")},
        }
        return Event("message_echoes", "", "message_echoes", [message])

    def _call(self, number: Number, deed: dict[str, Any]) -> Event:
        call = {
            "id": f"wacid.{new_message_id('')[6:]}",
            "from": str(deed.get("from", DEFAULT_CUSTOMER)),
            "to": number.number,
            "event": "connect",
            "timestamp": seconds_now(),
            "direction": "USER_INITIATED",
        }
        metadata = {"display_phone_number": number.number, "phone_number_id": number.phone_number_id}
        return Event("calls", "", "", {"messaging_product": "whatsapp", "metadata": metadata, "calls": [call]})

    def _template_news(self, number: Number, deed: dict[str, Any]) -> dict[str, Any]:
        """Changes a template: its name in `target`, its new state in `text`."""
        status = str(deed.get("text", "PAUSED")).upper()
        templates = self._state.templates_of(number.waba_id)
        known = next((t for t in templates if t["name"] == deed["target"]), None)
        if known is None:
            raise ValueError(f"There is no template {deed['target']!r}.")
        known["status"] = status
        return {
            "event": status,
            "message_template_id": int(known["id"]),
            "message_template_name": known["name"],
            "message_template_language": known["language"],
            "reason": "NONE",
            "message_template_category": known["category"],
        }


def _answer(kind: str, reply: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "interactive", {"interactive": {"type": kind, kind: reply}}
