"""Whapi's part of the control API: inbound deeds, what exists, the connection, the channels."""

from typing import Any

from channels_app.providers.simulating.control import NumberDeeds
from channels_app.providers.whapi.simulator.customers import Customers
from channels_app.providers.whapi.simulator.linking import Linking
from channels_app.providers.whapi.simulator.state import Channel, State


class ChannelControl(NumberDeeds):
    """The deeds that a simulator of Whapi adds to the control API."""

    def __init__(self, state: State, customers: Customers, linking: Linking):
        super().__init__(state.find, customers)
        self._state = state
        self._linking = linking

    def messages(self, query: dict[str, str]) -> list[Any]:
        with self._state.lock:
            chosen = [self._state.find(query["channel"])] if "channel" in query else self._state.channels.values()
            found = [m for c in chosen if c is not None for m in c.messages.values()]
        return [m for m in found if query.get("chat_id", m["chat_id"]) == m["chat_id"]]

    def walk(self, channel: Channel, values: dict[str, Any]) -> Any:
        self._linking.walk(channel, values["state"], values.get("number", ""))
        return channel.health()

    def numbers(self) -> list[dict[str, Any]]:
        with self._state.lock:
            return [
                {
                    "channel_id": c.channel_id,
                    "number": c.number,
                    "name": c.name,
                    "state": c.state,
                    "webhooks": [{"url": h["url"], "mode": h.get("mode", "body")} for h in c.settings["webhooks"]],
                }
                for c in self._state.channels.values()
            ]

    def add(self, values: dict[str, Any]) -> Any:
        """token, and optionally webhook_url, secret, mode, events, number, name, state, persist."""
        chosen = {k: values[k] for k in ("number", "name", "state") if k in values}
        channel = self._state.add(values["token"], **chosen)
        if "webhook_url" in values:
            hook = {"url": values["webhook_url"], "mode": values.get("mode", "body")}
            hook["headers"] = {"X-Webhook-Secret": values.get("secret", "")}
            if "events" in values:
                hook["events"] = values["events"]
            channel.settings["webhooks"] = [hook]
        channel.settings["callback_persist"] = bool(values.get("persist", channel.settings["callback_persist"]))
        self._state.save()
        return {"channel_id": channel.channel_id, "number": channel.number, "state": channel.state}
