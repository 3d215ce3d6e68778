"""Drains JOBS no-op jobs with django-q2 and its ORM broker: with_django_q.py JOBS SECONDS."""

import json
import os
import subprocess
import sys
import time
from urllib.parse import parse_qs, unquote, urlsplit

START_SECONDS = 30
ADDRESS = urlsplit(os.environ["DATABASE_URL"])
QUERY = {name: values[0] for name, values in parse_qs(ADDRESS.query).items()}

from django.conf import settings  # noqa: E402

settings.configure(
    SECRET_KEY="bench",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": ADDRESS.path.lstrip("/"),
            "USER": unquote(ADDRESS.username or ""),
            "PASSWORD": unquote(ADDRESS.password or ""),
            "HOST": QUERY.get("host") or ADDRESS.hostname or "",
            "PORT": ADDRESS.port or "",
        }
    },
    INSTALLED_APPS=["django_q"],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    Q_CLUSTER={
        "name": "bench",
        "orm": "default",
        "workers": 2,
        "bulk": 100,
        "queue_limit": 1000,
        "timeout": 60,
        "retry": 600,
        "save_limit": -1,
        "poll": 0.01,
        "log_level": "CRITICAL",
    },
)
import django  # noqa: E402

django.setup()


def main(jobs: int, seconds: float) -> None:
    from django.core.management import call_command
    from django_q.models import OrmQ
    from django_q.tasks import async_task

    call_command("migrate", verbosity=0)
    async_task("builtins.len", "x" * 200)
    pattern = OrmQ.objects.get()
    OrmQ.objects.bulk_create(
        [OrmQ(key=pattern.key, payload=pattern.payload, lock=pattern.lock) for _ in range(jobs - 1)], batch_size=2000
    )
    cluster = subprocess.Popen([sys.executable, __file__, "qcluster"], stdout=subprocess.DEVNULL)
    begun, started = time.monotonic(), False  # its start-up, some seconds, does not count
    while (left := OrmQ.objects.count()) and time.monotonic() - begun < (seconds if started else START_SECONDS):
        if not started and left < jobs:
            begun, started = time.monotonic(), True
        time.sleep(0.1)
    print(json.dumps({"done": jobs - left, "seconds": time.monotonic() - begun}))
    cluster.terminate()
    try:
        cluster.wait(10)
    except subprocess.TimeoutExpired:
        cluster.kill()


if sys.argv[1] == "qcluster":
    from django.core.management import call_command

    call_command("qcluster", verbosity=0)
elif __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
