"""A fresh database on an embedded PostgreSQL of the benchmark's own, with channels to write to."""

import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import servers

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data" / "bench"
DATABASE = "waybill_bench"
PROOF = "bench-webhook-header"


@dataclass(frozen=True)
class Ground:
    url: str
    slug: str
    session_cookie: str
    channels: list[str]


def lay(channel_count: int) -> Ground:
    """Make the database anew, migrate it and fill in one workspace; sets DATABASE_URL for this process and others."""
    os.environ["DATA_DIR"] = str(DATA)
    from config.database import start_embedded_server

    server = start_embedded_server(DATA)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    os.environ["DATABASE_URL"] = server.replace("/postgres?", f"/{DATABASE}?")
    os.environ.update(servers.environment())
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run([sys.executable, str(ROOT / "manage.py"), *command, "-v", "0"], check=True)
    import django

    django.setup()
    return _fill(channel_count)


def _fill(channel_count: int) -> Ground:
    from django.contrib.auth import SESSION_KEY
    from django.test import Client

    from channels_app.models import Channel
    from kernel import signing
    from outbox.models import Lane
    from workspaces.models import Member
    from workspaces.services.founding import create_workspace

    workspace = create_workspace(
        name="Bench", slug="bench", owner_email="bench@example.com", owner_name="Bench", password=uuid.uuid4().hex
    )
    channels = Channel.objects.bulk_create(
        Channel(
            workspace=workspace,
            provider="whapi",
            name=f"Bench {number}",
            status="connected",
            webhook_secret_digest=signing.digest(PROOF),
        )
        for number in range(channel_count)
    )
    Lane.objects.bulk_create(Lane(id=channel.pk, workspace=workspace, name=channel.name) for channel in channels)
    browser = Client()
    browser.force_login(Member.objects.get(workspace=workspace).user)
    assert SESSION_KEY in browser.session
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute((ROOT / "bench" / "peer" / "tables.sql").read_text())
    return Ground(
        url=os.environ["DATABASE_URL"],
        slug=workspace.slug,
        session_cookie=browser.cookies["sessionid"].value,
        channels=[str(channel.pk) for channel in channels],
    )


def scalar(statement: str) -> object:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        return connection.execute(statement).fetchone()[0]


def run_sql(statement: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement)
