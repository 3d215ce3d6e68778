"""The control API under /_sim/: what every simulator knows, and the deeds that a vendor adds."""

from collections.abc import Callable
from typing import Any, Protocol

from channels_app.providers.simulating.arrivals import Arrivals
from channels_app.providers.simulating.exchange import Done, Refusal, Request
from channels_app.providers.simulating.faults import Rules
from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.webhooks import Webhooks

Deed = Callable[[dict[str, str], Any], Any]
"""(query, JSON body) to JSON answer. Raises Refusal; ValueError, TypeError or KeyError for what it does not know."""


class Customers(Protocol):
    def act(self, number: Any, values: dict[str, Any]) -> list[Any]:
        """What a customer of the number does; the messages that come of it."""
        ...


class NumberDeeds:
    """The deeds about numbers that each vendor must have. They raise Refusal, and what Control understands.

    `find` gives the number of a name (without a name the first one), or None.
    """

    def __init__(self, find: Callable[[str | None], Any], customers: Customers):
        self._find = find
        self._customers = customers

    def deeds(self) -> dict[tuple[str, str], Deed]:
        return {
            ("POST", "inbound"): lambda query, values: {
                "messages": self._customers.act(self.number(values), values),
            },
            ("GET", "messages"): lambda query, values: {"messages": self.messages(query)},
            ("POST", "connection"): lambda query, values: self.walk(self.number(values), values),
            ("GET", "channels"): lambda query, values: {"channels": self.numbers()},
            ("POST", "channels"): lambda query, values: self.add(values),
        }

    def number(self, values: dict[str, Any]) -> Any:
        """The number that the deed names as its `channel`."""
        number = self._find(values.pop("channel", None))
        if number is None:
            raise Refusal(404, "there is no such number; add one with POST /_sim/channels")
        return number

    def messages(self, query: dict[str, str]) -> list[Any]:
        """What exists, of one `channel` or of one `chat_id`."""
        raise NotImplementedError

    def walk(self, number: Any, values: dict[str, Any]) -> Any:
        """Bring the number into the connection's `state`; how it is then, in the vendor's words."""
        raise NotImplementedError

    def numbers(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def add(self, values: dict[str, Any]) -> Any:
        raise NotImplementedError


class Control:
    """Answers /_sim/ requests. Raises Refusal."""

    def __init__(
        self,
        options: Options,
        rules: Rules,
        arrivals: Arrivals,
        webhooks: Webhooks,
        deeds: dict[tuple[str, str], Deed],
    ):
        """`deeds` by (method, name): at least inbound, messages, connection and channels."""
        self._options = options
        self._rules = rules
        self._webhooks = webhooks
        self._deeds: dict[tuple[str, str], Deed] = {
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): lambda query, values: rules.clear() or {"cleared": True},
            ("GET", "requests"): lambda query, values: {"requests": arrivals.list(query)},
            ("DELETE", "requests"): lambda query, values: arrivals.clear() or {"cleared": True},
            ("GET", "webhooks"): self._deliveries,
            ("POST", "options"): self._change_options,
            **deeds,
        }

    def serve(self, request: Request) -> Done:
        deed = self._deeds.get((request.method, request.path.removeprefix("/_sim/")))
        if deed is None:
            raise Refusal(404, f"{request.path} is not part of the control API")
        try:
            return Done(deed(request.query, request.json()))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Refusal(400, f"{type(error).__name__}: {error}") from None

    def _add_fault(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        self._rules.add(values)
        return {"added": True}

    def _deliveries(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        undelivered = self._webhooks.undelivered()
        return {"idle": not undelivered, "undelivered": undelivered, "deliveries": list(self._webhooks.log)}

    def _change_options(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        self._options.change(values)
        return vars(self._options)
