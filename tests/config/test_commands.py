"""The doctor and the wiring plan."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Schedule

from channels_app.models import Channel
from channels_app.services.credentials import TOKEN, store_credential
from channels_app.states import WebhookState
from config import schedules
from kernel import clock
from outbox.registry import kinds
from tests.support.peers import answering

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(settings):
    settings.DEBUG = True  # tests run without it
    schedules.register()
    Schedule.objects.update(next_run=timezone.now() + timedelta(minutes=1))


def examine(capsys) -> tuple[int, str]:
    try:
        call_command("doctor")
    except SystemExit as ended:
        return ended.code, capsys.readouterr().out
    return 0, capsys.readouterr().out


def test_a_healthy_installation_gets_a_clean_bill(world, planned, capsys):
    code, told = examine(capsys)
    assert code == 0, told
    assert told.splitlines()[-1] == "Everything holds."


def test_a_lost_channel_is_named_with_what_to_do(world, planned, capsys):
    Channel.objects.filter(pk=world.channel.pk).update(status="logged_out", wants_connection=True)
    code, told = examine(capsys)
    assert code == 1
    assert "BROKEN  channels     Shop (logged out)" in told
    assert "→ Open the Channels page and reconnect." in told


def test_a_token_that_no_key_opens_is_found(world, planned, capsys, settings):
    store_credential(channel=world.channel, name=TOKEN, secret="a-token-for-tests")
    settings.ENCRYPTION_KEYS = ["another key"]
    code, told = examine(capsys)
    assert code == 1
    assert "1 secrets cannot be opened" in told
    assert "a-token-for-tests" not in told


def test_schedules_that_nobody_runs_are_found(world, planned, capsys):
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=10))
    assert "→ Start manage.py qcluster." in examine(capsys)[1]


def test_demo_secrets_outside_debug_are_found(world, planned, capsys, settings):
    settings.DEBUG = False
    code, told = examine(capsys)
    assert code == 1
    assert "BROKEN  secrets" in told


def test_guard_24_a_webhook_that_a_provider_does_not_know_is_named(world, planned, capsys):
    values = {"wants_connection": True, "webhook_state": WebhookState.MISSING, "webhook_detail": "It has none."}
    Channel.objects.filter(pk=world.channel.pk).update(**values)
    code, told = examine(capsys)
    assert code == 1
    assert "BROKEN  webhooks     Shop (It has none.)" in told


@pytest.mark.parametrize(("seconds", "words"), [(60, "60 s ahead of"), (-60, "60 s behind")])
def test_guard_24_a_clock_that_is_wrong_is_named(world, planned, capsys, monkeypatch, seconds, words):
    monkeypatch.setattr(clock, "now", lambda: timezone.now() + timedelta(seconds=seconds))
    code, told = examine(capsys)
    assert code == 1
    assert f"BROKEN  clocks       this host is {words} the database" in told


def test_guard_24_a_storage_that_cannot_be_written_is_named(world, planned, capsys, settings, tmp_path):
    (tmp_path / "media").write_text("a file where the folder should be")
    settings.MEDIA_ROOT = tmp_path / "media"
    code, told = examine(capsys)
    assert code == 1
    assert "BROKEN  files" in told
    assert "media/ under DATA_DIR" in told


LET_THROUGH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
NOT_LET_THROUGH = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (LET_THROUGH, "OK      sockets      they are let through"),
        (NOT_LET_THROUGH, "BROKEN  sockets      the answer was 404 instead of 101"),
    ],
)
def test_guard_24_a_proxy_that_lets_no_sockets_through_is_named(world, planned, capsys, settings, answer, line):
    settings.DEBUG = False
    with answering(answer) as proxy:
        settings.PUBLIC_URL = f"http://127.0.0.1:{proxy.port}"
        told = examine(capsys)[1]
    assert line in told
    assert f"BROKEN  address      {settings.PUBLIC_URL}" in told, "an address that no provider can reach"


def test_guard_24_a_web_server_that_does_not_answer_is_named(world, planned, capsys, settings):
    settings.DEBUG = False
    with answering(b"") as proxy:
        settings.PUBLIC_URL = f"http://127.0.0.1:{proxy.port}"
    assert "→ See that the web server runs and that PUBLIC_URL leads to it." in examine(capsys)[1]


def test_the_wiring_shows_every_kind(capsys):
    call_command("show_wiring")
    told = capsys.readouterr().out
    assert all(name in told for name in kinds())
    assert all(planned.func in told for planned in schedules.PLAN)
