"""A webhook request: entries, changes and what they hold, each with the number or account that it is about."""

from collections.abc import Callable, Iterable
from typing import Any

from channels_app.providers.base import Ignored, Inbound, InboundNotice, Parsed
from channels_app.providers.cloud.parsing import accounts, echoes, statuses, templates
from channels_app.providers.cloud.parsing.messages import message_values
from channels_app.providers.cloud.parsing.people import Place, place_of
from channels_app.providers.cloud.refusals import explained
from channels_app.providers.errors import Unreadable
from channels_app.providers.reading import Malformed, load, mapping, sequence, text

Home = tuple[str, str] | None
Reader = Callable[[Any, Place], Iterable[Inbound]]

ITEMS: dict[str, Reader] = {
    "messages": message_values,
    "statuses": statuses.status_values,
    "message_echoes": echoes.echo_values,
    "history": echoes.history_values,
    "state_sync": echoes.contact_values,
    "calls": statuses.call_values,
    "errors": lambda item, place: [InboundNotice(f"Meta reports a problem: {_explained(item)}")],
    "user_preferences": lambda item, place: [Ignored("Somebody changed what marketing they want.")],
}
"""Lists inside a change's value, whatever its field."""

FIELDS: dict[str, Reader] = {
    "account_update": accounts.account_values,
    **{field: accounts.notice_values(field) for field in accounts.NOTICES},
    "message_template_status_update": templates.status_values,
    "template_category_update": templates.category_values,
    "message_template_components_update": templates.components_values,
}
"""Changes whose value is one object."""


def parse(body: bytes) -> Parsed:
    """All values of a webhook request, in the body's order, and whose each of them is.

    An item that cannot be understood becomes Ignored beside others that can; Unreadable is raised when nothing else
    is left, so that the body is kept and can be replayed.
    """
    found = _Found()
    try:
        data = load(body)
        if data.get("object") != "whatsapp_business_account" and "entry" not in data:
            raise Unreadable("The body is not a webhook of the Cloud API.")
        for entry in sequence(data, "entry"):
            if isinstance(entry, dict):
                for change in sequence(entry, "changes"):
                    found.read(entry, change)
    except RecursionError:
        raise Unreadable("The body is nested too deeply.") from None
    return found.parsed()


class _Found:
    """Values and their homes, as they are found."""

    def __init__(self) -> None:
        self._values: list[Inbound] = []
        self._homes: list[Home] = []
        self._malformed: list[str] = []
        self._kinds: dict[str, None] = {}

    def read(self, entry: dict[str, Any], change: Any) -> None:
        if not isinstance(change, dict):
            return
        field, value = text(change, "field", 60), mapping(change, "value")
        place = place_of(value)
        home = _home(entry, place)
        lists = [name for name in ITEMS if name in value]
        for name in lists:
            kind = "calls" if field == "calls" else name
            self._kinds[kind] = None
            reader = statuses.call_status_values if kind == "calls" and name == "statuses" else ITEMS[name]
            for item in sequence(value, name):
                self._take(reader, item, place, home)
        if not lists:
            self._kinds[field or "unknown"] = None
            self._take(FIELDS.get(field, _unknown(field)), value, place, home)

    def _take(self, reader: Reader, item: Any, place: Place, home: Home) -> None:
        try:
            for value in reader(item, place):
                self._values.append(value)
                self._homes.append(home)
        except Malformed as trouble:
            self._malformed.append(str(trouble))

    def parsed(self) -> Parsed:
        """Raises Unreadable when nothing could be understood."""
        if self._malformed and not self._values:
            raise Unreadable(self._malformed[0])
        for reason in dict.fromkeys(self._malformed):
            self._values.append(Ignored(reason))
            self._homes.append(None)
        if not self._values:
            self._values, self._homes = [Ignored("The event is empty.")], [None]
        kind = "+".join(self._kinds) or "unknown"
        return Parsed(kind=kind[:60], values=tuple(self._values), homes=tuple(self._homes))


def _home(entry: dict[str, Any], place: Place) -> Home:
    """The number, else the account; Meta's test button calls with the account 0."""
    if place.phone_number_id:
        return "phone_number_id", place.phone_number_id
    account = text(entry, "id", 80)
    return ("waba_id", account) if account and account != "0" else None


def _unknown(field: str) -> Reader:
    return lambda item, place: [Ignored(f"Waybill has no use for {field or 'unnamed'} events.")]


def _explained(item: Any) -> str:
    if not isinstance(item, dict):
        raise Malformed("An error is not an object.")
    code, words = explained(item)
    return words or f"{code or 'no details'}."
