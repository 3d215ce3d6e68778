"""Whapi's part of the control API: inbound deeds, what exists, the connection, the channels."""

from typing import Any

from channels_app.providers.simulating.control import Deed
from channels_app.providers.simulating.exchange import Refusal
from channels_app.providers.whapi.simulator.customers import Customers
from channels_app.providers.whapi.simulator.linking import Linking
from channels_app.providers.whapi.simulator.state import Channel, State


class ChannelControl:
    """Deeds of /_sim/ that are about channels. They raise Refusal."""

    def __init__(self, state: State, customers: Customers, linking: Linking):
        self._state = state
        self._customers = customers
        self._linking = linking

    def deeds(self) -> dict[tuple[str, str], Deed]:
        return {
            ("POST", "inbound"): self._inbound,
            ("GET", "messages"): self._messages,
            ("POST", "connection"): self._connection,
            ("GET", "channels"): lambda query, values: {"channels": self._channels()},
            ("POST", "channels"): self._add_channel,
        }

    def _channel(self, values: dict[str, Any]) -> Channel:
        channel = self._state.find(values.pop("channel", None))
        if channel is None:
            raise Refusal(404, "there is no such channel; add one with POST /_sim/channels")
        return channel

    def _inbound(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        return {"messages": self._customers.act(self._channel(values), values)}

    def _messages(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        with self._state.lock:
            chosen = [self._state.find(query["channel"])] if "channel" in query else self._state.channels.values()
            found = [m for c in chosen if c is not None for m in c.messages.values()]
        return {"messages": [m for m in found if query.get("chat_id", m["chat_id"]) == m["chat_id"]]}

    def _connection(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        channel = self._channel(values)
        self._linking.walk(channel, values["state"], values.get("number", ""))
        return channel.health()

    def _channels(self) -> list[dict[str, Any]]:
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

    def _add_channel(self, query: dict[str, str], values: dict[str, Any]) -> Any:
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
