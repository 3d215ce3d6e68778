"""How long the server takes for the pages that people open all day, in a small workspace and in a large one.

`.venv/bin/python -m bench.inbox [chats messages]…`, by default 10,000 chats with 200,000 messages and 100,000 with
2,000,000. In one process, without a web server: what is measured is Django and PostgreSQL. Uses a database of its own.
"""

import random
import sys
import time
from collections.abc import Callable
from statistics import quantiles

from bench.own_database import own_database

SIZES = ((10_000, 200_000), (100_000, 2_000_000))
TIMES = 100
WARM_UP = 5


def main() -> None:
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdecimal()]
    sizes = tuple(zip(numbers[::2], numbers[1::2], strict=True)) or SIZES
    with own_database("bench_inbox"):
        known: dict[str, float] = {}
        for chats, messages in sizes:
            for what, p50, p95 in measure(chats, messages):
                ratio = f", {p95 / known[what]:.2f} × the first size" if what in known else ""
                known.setdefault(what, p95)
                print(f"inbox, {chats:,} chats, {messages:,} messages: {what}: p50 {p50:.1f}, p95 {p95:.1f} ms{ratio}")
                sys.stdout.flush()


def measure(chats: int, messages: int) -> list[tuple[str, float, float]]:
    from django.conf import settings
    from django.test import Client

    from config.load.generating import generate
    from inbox.models import Chat

    load = generate(chats=chats, messages=messages)
    settings.ALLOWED_HOSTS = ["*"]
    browser = Client()
    browser.force_login(load.member.user)
    inbox = f"/w/{load.workspace.slug}/inbox/"
    opened = list(Chat.objects.filter(workspace=load.workspace).order_by("?").values_list("pk", flat=True)[:TIMES])
    busiest = list(
        Chat.objects.filter(workspace=load.workspace).order_by("-last_message_at").values_list("pk", flat=True)[:TIMES]
    )
    chance = random.Random(7)
    asked: dict[str, Callable[[int], str]] = {
        "the list": lambda n: inbox,
        "open a chat": lambda n: f"{inbox}{opened[n % len(opened)]}/",
        "open a busy chat": lambda n: f"{inbox}{busiest[n % len(busiest)]}/",
        "search a name": lambda n: f"{inbox}rows/?q=Customer+{chance.randrange(chats)}",
        "search a number": lambda n: f"{inbox}rows/?q=15550100{chance.randrange(chats):07}",
        "search a common word": lambda n: f"{inbox}rows/?q=invoice",
        "search two words": lambda n: f"{inbox}rows/?q=refund+{chance.randrange(messages)}",
    }
    return [(what, *_times(browser, address)) for what, address in asked.items()]


def _times(browser, address: Callable[[int], str]) -> tuple[float, float]:
    took = []
    for number in range(WARM_UP + TIMES):
        url = address(number)
        begun = time.perf_counter()
        answer = browser.get(url)
        took.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{url} answered {answer.status_code}.")
    cuts = quantiles(took[WARM_UP:], n=20)
    return cuts[9], cuts[18]


if __name__ == "__main__":
    main()
