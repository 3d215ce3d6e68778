"""Rules that make the simulator misbehave, as POST /_sim/faults gives them."""

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

THEN = ("answer", "reset", "hang", "close")
ECHO = ("before", "after", "never")
TWEAKS = ("duplicate", "reorder", "delay_ms", "batch", "drop")


@dataclass
class Rule:
    """What happens to the requests that match.

    match: {method, path, to, token}, each optional; path and to may hold `*`.
    times: how many requests it meets; None is without end.
    accept: whether the deed is done. Without it: done unless the rule replaces the answer or cuts the connection.
    then: answer | reset (RST) | hang (no answer while the client waits) | close (FIN without an answer).
    webhooks: {duplicate: n, reorder, delay_ms, batch, drop: true or ["statuses", "messages.post", …]}.
    """

    match: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    delay_ms: float = 0
    drip_ms: float = 0
    then: str = "answer"
    accept: bool | None = None
    echo: str | None = None
    webhooks: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError with one sentence."""
        if self.then not in THEN:
            raise ValueError(f"then is one of {', '.join(THEN)}.")
        if self.echo is not None and self.echo not in ECHO:
            raise ValueError(f"echo is one of {', '.join(ECHO)}.")
        if unknown := set(self.webhooks) - set(TWEAKS):
            raise ValueError(f"webhooks knows {', '.join(TWEAKS)}, not {', '.join(sorted(unknown))}.")
        if unknown := set(self.match) - {"method", "path", "to", "token"}:
            raise ValueError(f"match knows method, path, to and token, not {', '.join(sorted(unknown))}.")

    @property
    def accepts(self) -> bool:
        if self.accept is not None:
            return self.accept
        return self.then == "answer" and self.body is None and (self.status or 200) < 400

    def meets(self, method: str, path: str, to: str, token: str) -> bool:
        match = self.match
        return (
            match.get("method", method).upper() == method
            and fnmatchcase(path, match.get("path", "*"))
            and fnmatchcase(to, match.get("to", "*"))
            and match.get("token", token) == token
        )


class Rules:
    """The rules in force; the first that matches applies."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, data: dict[str, Any]) -> None:
        """Raises ValueError or TypeError for a rule that says something unknown."""
        rule = Rule(**data)
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def for_request(self, method: str, path: str, to: str, token: str) -> Rule:
        with self._lock:
            for rule in self._rules:
                if rule.times != 0 and rule.meets(method, path, to, token):
                    if rule.times is not None:
                        rule.times -= 1
                    return rule
        return Rule()
