"""The control API under /_sim/: faults, inbound deeds, what arrived, what exists, the connection."""

import threading
import time
from collections import deque
from json import loads
from typing import Any

from channels_app.providers.whapi.simulator.api import Request
from channels_app.providers.whapi.simulator.customers import Customers
from channels_app.providers.whapi.simulator.faults import Rules
from channels_app.providers.whapi.simulator.linking import Linking
from channels_app.providers.whapi.simulator.sending import Done, Refusal
from channels_app.providers.whapi.simulator.state import Channel, State
from channels_app.providers.whapi.simulator.webhooks import Webhooks

BODY_LIMIT = 4096


class Arrivals:
    """Every request that reached the provider, in order. Bodies are cut; tokens are not kept."""

    def __init__(self, limit: int):
        self._entries: deque[dict[str, Any]] = deque(maxlen=limit)
        self._count = 0
        self._lock = threading.Lock()

    def note(self, request: Request, channel_id: str) -> dict[str, Any]:
        """The entry; its `accepted`, `status` and `answered_at` are filled in later."""
        entry = {
            "n": 0,
            "at": time.time(),
            "channel_id": channel_id,
            "method": request.method,
            "path": request.path,
            "query": {k: v for k, v in request.query.items() if k != "token"},
            "headers": {k: v for k, v in request.headers.items() if k != "authorization"},
            "body": _shown(request.body),
            "accepted": False,
            "status": None,
            "answered_at": None,
        }
        with self._lock:
            self._count += 1
            entry["n"] = self._count
            self._entries.append(entry)
        return entry

    def list(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Filtered by path, method, channel_id and `since` (a number n)."""
        with self._lock:
            entries = list(self._entries)
        return [
            e
            for e in entries
            if e["n"] > int(query.get("since", 0))
            and query.get("path", e["path"]) == e["path"]
            and query.get("method", e["method"]) == e["method"]
            and query.get("channel_id", e["channel_id"]) == e["channel_id"]
        ]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


class Control:
    """Answers /_sim/ requests. Raises Refusal."""

    def __init__(
        self,
        state: State,
        webhooks: Webhooks,
        rules: Rules,
        customers: Customers,
        linking: Linking,
        arrivals: Arrivals,
    ):
        self._state = state
        self._webhooks = webhooks
        self._rules = rules
        self._customers = customers
        self._linking = linking
        self._arrivals = arrivals
        self._deeds = {
            ("POST", "/_sim/faults"): self._add_fault,
            ("DELETE", "/_sim/faults"): lambda query, values: self._rules.clear() or {"cleared": True},
            ("POST", "/_sim/inbound"): self._inbound,
            ("GET", "/_sim/requests"): lambda query, values: {"requests": self._arrivals.list(query)},
            ("DELETE", "/_sim/requests"): lambda query, values: self._arrivals.clear() or {"cleared": True},
            ("GET", "/_sim/messages"): self._messages,
            ("POST", "/_sim/connection"): self._connection,
            ("GET", "/_sim/channels"): lambda query, values: {"channels": self._channels()},
            ("POST", "/_sim/channels"): self._add_channel,
            ("GET", "/_sim/webhooks"): self._deliveries,
            ("POST", "/_sim/options"): self._change_options,
        }

    def serve(self, request: Request) -> Done:
        deed = self._deeds.get((request.method, request.path))
        if deed is None:
            raise Refusal(404, f"{request.path} is not part of the control API")
        try:
            values = loads(request.body or b"{}")
            return Done(deed(request.query, values))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Refusal(400, f"{type(error).__name__}: {error}") from None

    def _channel(self, values: dict[str, Any]) -> Channel:
        channel = self._state.find(values.pop("channel", None))
        if channel is None:
            raise Refusal(404, "there is no such channel; add one with POST /_sim/channels")
        return channel

    def _add_fault(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        self._rules.add(values)
        return {"added": True}

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

    def _deliveries(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        return {"idle": self._webhooks.idle(), "deliveries": list(self._webhooks.log)}

    def _change_options(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        self._state.options.change(values)
        return vars(self._state.options)


def _shown(body: bytes) -> Any:
    if len(body) > BODY_LIMIT:
        return f"{len(body)} bytes"
    try:
        return loads(body) if body else None
    except ValueError:
        return f"{len(body)} bytes"
