"""Whatever can go wrong, at random: programs killed and frozen, PostgreSQL cut off and restarted, a moody provider."""

import random
import signal
import subprocess
import threading
from collections import Counter
from typing import Any

import psycopg

from tests.acceptance.chaos.database import Database
from tests.acceptance.chaos.plan import FREEZE_SECONDS, Number, Plan
from tests.acceptance.chaos.programs import Programs
from tests.acceptance.chaos.traffic import disturbed

DEED_SECONDS = (1.0, 4.0)
FAULT_SECONDS = (0.1, 0.8)
SENDS = {"method": "POST", "path": "/messages/text"}
LOOK_UPS = {"method": "GET", "path": "/messages/list/*"}


class Adversary:
    """`deeds` counts what was done, by name."""

    def __init__(self, plan: Plan, programs: Programs, database: Database, numbers: list[Number]):
        self.deeds: Counter[str] = Counter()
        self._luck = random.Random(f"{plan.seed} deeds")
        self._mood = random.Random(f"{plan.seed} faults")
        self._programs = programs
        self._database = database
        self._numbers = numbers
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=f"chaos-{work.__name__}", daemon=True)
            for work in (self._do_deeds, self._make_faults)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Everything may live and answer again."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)
        self._programs.wake_all()
        self._programs.provider.clear_faults()

    def _do_deeds(self) -> None:
        deeds = [self._kill, self._kill, self._terminate, self._freeze, self._hang_up, self._restart_database]
        bag: list = []
        while not self._over.wait(self._luck.uniform(*DEED_SECONDS)):
            if not bag:  # every deed has its turn, in an order of its own each time
                bag = self._luck.sample(deeds, len(deeds))
            bag.pop()()

    def _kill(self) -> None:
        self._programs.signal(self._luck.choice(self._programs.mortals), signal.SIGKILL)

    def _terminate(self) -> None:
        self._programs.signal(self._luck.choice(self._programs.mortals), signal.SIGTERM)

    def _freeze(self) -> None:
        name = self._luck.choice(self._programs.mortals)
        self._programs.signal(name, signal.SIGSTOP)
        self._over.wait(FREEZE_SECONDS)
        self._programs.signal(name, signal.SIGCONT)

    def _hang_up(self) -> None:
        try:
            self.deeds["connections ended"] += self._database.hang_up_on(self._luck, self._luck.choice((0.1, 0.5, 1.0)))
        except psycopg.Error:
            self.deeds["connections already gone"] += 1

    def _restart_database(self) -> None:
        try:
            self._database.restart_at_once()
            self.deeds["PostgreSQL restarts"] += 1
        except subprocess.SubprocessError:  # still recovering from the last time
            self.deeds["PostgreSQL restarts refused"] += 1

    def _make_faults(self) -> None:
        while not self._over.wait(self._mood.uniform(*FAULT_SECONDS)):
            name, rule = fault(self._mood)
            token = self._mood.choice(self._numbers).token
            match = {**rule.pop("match", SENDS), "token": token}
            self._programs.provider.fault(match=match, times=rule.pop("times", 1), **rule)
            self.deeds[name] += 1


def fault(luck: random.Random) -> tuple[str, dict[str, Any]]:
    """A name and a rule of the simulator. `accept` says whether the customer gets the message all the same."""
    accept, echo = luck.random() < 0.5, luck.choice(("before", "after", "never"))
    done = {"accept": accept, "echo": echo, "webhooks": disturbed(luck)}
    wait = luck.choice(("1", "0.4", "2"))
    rules: list[tuple[str, dict[str, Any]]] = [
        ("faults: 429", {"status": 429, "headers": {"Retry-After": wait}, "times": luck.randint(1, 3)}),
        ("faults: 5xx", {"status": luck.choice((500, 502, 503, 504)), **done}),
        ("faults: no answer", {"then": "hang", **done}),
        ("faults: reset", {"then": "reset", **done}),
        ("faults: closed", {"then": "close", **done}),
        ("faults: empty answer", {"body": "", **done, "accept": True}),
        ("faults: slow answer", {"delay_ms": luck.randint(200, 2000), "echo": echo, "webhooks": disturbed(luck)}),
        ("faults: slow bytes", {"drip_ms": 5, "echo": echo}),
        ("faults: webhooks", {"echo": echo, "webhooks": disturbed(luck), "times": luck.randint(1, 4)}),
        ("faults: look-up", {"match": LOOK_UPS, "status": luck.choice((429, 500)), "headers": {"Retry-After": "1"}}),
    ]
    return luck.choice(rules)
