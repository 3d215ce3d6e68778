"""The Cloud API's part of the control API: inbound deeds, what exists, the state of numbers, batches of several."""

from typing import Any

from channels_app.providers.cloud.simulator.customers import Customers
from channels_app.providers.cloud.simulator.state import STATES, Number, State
from channels_app.providers.simulating.control import NumberDeeds
from channels_app.providers.simulating.webhooks import Event, Webhooks

ADDABLE = (
    "phone_number_id",
    "waba_id",
    "number",
    "name",
    "state",
    "app_secret",
    "webhook_url",
    "enforces_window",
    "per_second",
    "per_pair",
)


class NumberControl(NumberDeeds):
    """The deeds that a simulator of the Cloud API adds to the control API."""

    def __init__(self, state: State, webhooks: Webhooks, customers: Customers):
        super().__init__(state.find, customers)
        self._state = state
        self._webhooks = webhooks

    def messages(self, query: dict[str, str]) -> list[Any]:
        """`chat_id` filters by the other side: digits, with or without an ending."""
        with self._state.lock:
            chosen = [self._state.find(query["channel"])] if "channel" in query else self._state.numbers.values()
            found = [m for number in chosen if number is not None for m in number.messages.values()]
        person = query.get("chat_id", "").split("@")[0]
        return [m for m in found if person in ("", m.get("to"), m.get("from"), m.get("from_user_id"))]

    def walk(self, number: Number, values: dict[str, Any]) -> Any:
        """linked | lost | banned | flagged | restricted | qr, logged-out (the token ends) | re-paired (`number`)."""
        to = str(values["state"])
        states = {"lost": "DISCONNECTED", "linked": "CONNECTED", "re-paired": "CONNECTED"}
        state = states.get(to, to.upper().replace("-", "_"))
        if to in ("qr", "logged-out"):
            number.token_expired = True
        elif state in STATES:
            number.state, number.token_expired = state, False
        else:
            raise ValueError(
                f"state is one of qr, logged-out, re-paired, {', '.join([*states, *map(str.lower, STATES)])}."
            )
        if to == "re-paired":
            number.number = str(values.get("number") or f"{int(number.number) + 1}")
        if to == "banned":
            self._tell(number, "account_update", event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"})
        if to == "restricted":
            info = [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1_999_999_999}]
            self._tell(number, "account_update", event="ACCOUNT_RESTRICTION", restriction_info=info)
        if to == "flagged":
            limit = {"event": "FLAGGED", "current_limit": "TIER_1K"}
            self._tell(number, "phone_number_quality_update", display_phone_number=number.number, **limit)
        self._state.save()
        return number.described()

    def _tell(self, number: Number, field: str, **value: Any) -> None:
        self._webhooks.tell(number, [Event(field, "", "", value)])

    def numbers(self) -> list[dict[str, Any]]:
        with self._state.lock:
            return [
                {
                    "channel_id": n.phone_number_id,
                    "phone_number_id": n.phone_number_id,
                    "waba_id": n.waba_id,
                    "number": n.number,
                    "name": n.name,
                    "state": n.state,
                    "webhooks": [{"url": n.webhook_url}] if n.webhook_url else [],
                }
                for n in self._state.numbers.values()
            ]

    def add(self, values: dict[str, Any]) -> Any:
        """token, and optionally what ADDABLE names. Without an app_secret `secret` is it."""
        chosen = {name: values[name] for name in ADDABLE if name in values}
        if values.get("secret"):
            chosen.setdefault("app_secret", values["secret"])
        number = self._state.add(values["token"], **chosen)
        self._state.save()
        return {"channel_id": number.phone_number_id, "number": number.number, "state": number.state}
