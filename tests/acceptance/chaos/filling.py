"""Fills a migrated database with one workspace and connected channels, and prints what the run needs to know as JSON.

A program of its own, because a test's process has Django set up on another database.
"""

import json
import sys

import django

django.setup()

from channels_app.models import Channel  # noqa: E402  Django must be set up first
from channels_app.services.credentials import TOKEN, store_credential  # noqa: E402
from kernel import signing  # noqa: E402
from outbox.models import Lane  # noqa: E402
from workspaces.models import Member  # noqa: E402
from workspaces.roles import Role  # noqa: E402
from workspaces.services.api_keys import create_api_key  # noqa: E402
from workspaces.services.founding import create_workspace  # noqa: E402


def fill(count: int) -> dict:
    workspace = create_workspace(
        name="Chaos",
        slug="chaos",
        owner_email="owner@example.com",
        owner_name="Owner",
        password="a long pass phrase, never typed",
    )
    owner = Member.objects.get(workspace=workspace)
    _, api_key = create_api_key(actor=owner, name="Writers", role=Role.ADMIN)
    numbers = []
    for place in range(count):
        digits, token, secret = f"1555010{9000 + place:04d}", f"sim_chaos-{place}", signing.new_secret()
        channel = Channel.objects.create(
            workspace=workspace,
            provider="whapi",
            name=f"Number {place}",
            status="connected",
            phone_number=digits,
            own_wa_id=f"{digits}@s.whatsapp.net",
            webhook_secret_digest=signing.digest(secret),
        )
        store_credential(channel=channel, name=TOKEN, secret=token)
        Lane.objects.create(id=channel.pk, workspace=workspace, name=channel.name)
        numbers.append({"channel_id": str(channel.pk), "token": token, "digits": digits, "secret": secret})
    return {"api_key": api_key, "numbers": numbers}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(fill(int(sys.argv[1]))))
