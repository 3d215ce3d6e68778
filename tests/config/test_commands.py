"""The doctor and the wiring plan."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Schedule

from channels_app.models import Channel
from channels_app.services.credentials import TOKEN, store_credential
from config import schedules
from outbox.registry import kinds

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


def test_the_wiring_shows_every_kind(capsys):
    call_command("show_wiring")
    told = capsys.readouterr().out
    assert all(name in told for name in kinds())
    assert all(planned.func in told for planned in schedules.PLAN)
