"""schemathesis asks the REST API of a real server what its OpenAPI description allows, and what it forbids."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.chats import customer_writes, make_chat
from tests.support.web import running_web
from workspaces.roles import Role
from workspaces.services.api_keys import create_api_key

SEED = os.environ.get("FUZZ_SEED", "20261121")
SECONDS = int(os.environ.get("FUZZ_SECONDS", "25"))

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180 + 2 * SECONDS),
]


def test_nothing_that_a_program_sends_breaks_the_api(world, tmp_path):
    _, secret = create_api_key(actor=world.ana, name="fuzz", role=Role.ADMIN)
    chat = make_chat(world.channel)
    message = customer_writes(chat)
    rows = {  # ids that exist, so that it gets behind the 404
        "channel_id": world.channel.pk,
        "lane_id": world.channel.pk,
        "chat_id": chat.pk,
        "contact_id": chat.contact_id,
        "message_id": message.pk,
    }
    config = tmp_path / "schemathesis.toml"
    config.write_text("[parameters]\n" + "\n".join(f'"path.{name}" = "{key}"' for name, key in rows.items()))
    with running_web(tmp_path / "web.log") as web:
        done = subprocess.run(
            [
                *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
                *("run", f"{web.url}/api/v1/schema/?format=json", "--header", f"Authorization: Bearer {secret}"),
                *("--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing"),
                *("--max-time", str(SECONDS), "--seed", SEED, "--no-shrink"),
                *("--generation-database", "none", "--request-timeout", "20", "--no-color", "--warnings", "off"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert web.process.poll() is None, "the server died"
    told = done.stdout + done.stderr
    assert done.returncode == 0, f"seed {SEED}\n{told[-8000:]}"
    print(told)  # noqa: T201  pytest -s shows how much was asked
    assert "No issues found" in told, told
