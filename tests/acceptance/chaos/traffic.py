"""People who write to customers through the API, and customers who write to us through the provider."""

import json
import random
import threading
from dataclasses import dataclass
from typing import Any

from kernel import http
from tests.acceptance.chaos.plan import Chat, Plan
from tests.support.simulator import SimulatorControl

REPEAT_SECONDS = 0.3
CALL_SECONDS = 10


@dataclass(frozen=True)
class Written:
    """A message that the API took: the place-th of its chat."""

    chat: Chat
    place: int
    text: str
    message_id: str


@dataclass(frozen=True)
class Said:
    """A customer's message that exists at the provider."""

    chat: Chat
    text: str
    wa_id: str


class Api:
    """Waybill's REST API, as a client uses it that repeats until it is answered."""

    def __init__(self, url: str, key: str):
        self._url = f"{url}/api/v1"
        self._headers = {"Authorization": f"Bearer {key}"}

    def call(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """(status, value); status 0 without an answer."""
        try:
            answer = http.request(
                "POST",
                f"{self._url}{path}",
                headers=self._headers,
                json=body,
                deadline=CALL_SECONDS,
                max_bytes=1_000_000,
                allow_private=True,
            )
        except http.HttpFailure:
            return 0, None
        return answer.status, json.loads(answer.body) if answer.status < 300 else answer.body.decode()[:300]


class Traffic:
    """`written`, `said` and `refused` grow while it runs. Each chat has one writer, so its texts have one order."""

    def __init__(self, plan: Plan, api: Api, provider: SimulatorControl, chats: list[Chat]):
        self.written: list[Written] = []
        self.said: list[Said] = []
        self.refused: list[str] = []
        self.repeats = 0
        self._api = api
        self._provider = provider
        self._over = threading.Event()
        self._gone = threading.Event()
        pause = plan.writers / plan.writes_per_second
        self._threads = [
            self._thread(self._write, random.Random(f"{plan.seed} writer {n}"), chats[n :: plan.writers], pause)
            for n in range(plan.writers)
        ]
        calm = 1 / plan.customer_writes_per_second
        self._threads.append(self._thread(self._say, random.Random(f"{plan.seed} customers"), chats, calm))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> list[str]:
        """No new messages; who still waits for an answer gets this long. Returns the names of those who gave up."""
        self._over.set()
        for thread in self._threads:
            thread.join(seconds)
        self._gone.set()
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _thread(self, work: Any, *arguments: Any) -> threading.Thread:
        return threading.Thread(target=work, args=arguments, name=f"chaos-{work.__name__}", daemon=True)

    def _write(self, luck: random.Random, chats: list[Chat], pause: float) -> None:
        places = dict.fromkeys(chats, 0)
        while chats and not self._over.wait(luck.uniform(0, 2 * pause)):
            chat = luck.choice(chats)
            for _ in range(luck.choice((1, 1, 2, 4))):
                self._write_one(chat, places[chat])
                places[chat] += 1

    def _write_one(self, chat: Chat, place: int) -> None:
        text = f"to {chat.customer} number {place}"
        body = {"channel": chat.number.channel_id, "to": chat.customer, "client_id": text, "type": "text", "text": text}
        while not self._gone.is_set():
            status, value = self._api.call("/messages", body)
            if 200 <= status < 300:
                self.written.append(Written(chat, place, text, value["id"]))
                return
            if 400 <= status < 500:
                self.refused.append(f"{text}: {status} {value}")
                return
            self.repeats += 1
            self._gone.wait(REPEAT_SECONDS)

    def _say(self, luck: random.Random, chats: list[Chat], pause: float) -> None:
        count = 0
        while not self._over.wait(luck.uniform(0, 2 * pause)):
            chat, together = luck.choice(chats), luck.choice((1, 1, 1, 3))
            text = f"from {chat.customer} round {count} number {{n}}"
            ids = self._provider.inbound(
                **{"channel": chat.number.token, "from": chat.customer, "text": text, "name": "Customer"},
                count=together,
                webhooks=disturbed(luck),
            )
            self.said += [Said(chat, text.replace("{n}", str(n + 1)), wa_id) for n, wa_id in enumerate(ids)]
            count += 1


def disturbed(luck: random.Random) -> dict[str, Any]:
    """How the webhooks of one deed go wrong: late, twice, in another order, in one body; half the time not at all."""
    return luck.choice(
        (
            {},
            {},
            {},
            {"duplicate": 1},
            {"duplicate": 2, "reorder": True},
            {"reorder": True, "batch": True},
            {"delay_ms": luck.randint(50, 1500)},
        )
    )
