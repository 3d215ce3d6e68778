"""`make chaos MINUTES=5 SEED=7 CHANNELS=50`: prints the seed and the verdict; exit code 1 when it is not clean."""

import os
import secrets
import signal
import sys

import django

from tests.acceptance.chaos.plan import Plan

DEFAULT_MINUTES = 1.0
MOST_MINUTES = 120.0


def plan_of(env: dict[str, str]) -> Plan:
    """Raises ValueError with one sentence."""
    try:
        minutes = float(env.get("MINUTES") or DEFAULT_MINUTES)
        seed = int(env.get("SEED") or secrets.randbelow(1_000_000))
        channels = int(env.get("CHANNELS") or Plan.channels)
        quiet = float(env.get("QUIET_SECONDS") or Plan.quiet_seconds)
    except ValueError as error:
        raise ValueError(f"MINUTES, SEED, CHANNELS and QUIET_SECONDS are numbers: {error}.") from None
    if not (0 < minutes <= MOST_MINUTES and 1 <= channels <= 200):
        raise ValueError(f"MINUTES is above 0 and at most {MOST_MINUTES:g}, CHANNELS 1 to 200.")
    return Plan(seed=seed, seconds=minutes * 60, channels=channels, quiet_seconds=quiet)


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that its programs and its PostgreSQL end with it
    try:
        plan = plan_of(dict(os.environ))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    # Nothing in this process asks Django for a database; the programs get one of their own.
    os.environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/none"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()  # what starts the programs imports models

    from tests.acceptance.chaos.running import run

    verdict = run(plan, say)
    say(verdict.report())
    return 0 if verdict.clean else 1


if __name__ == "__main__":
    sys.exit(main())
