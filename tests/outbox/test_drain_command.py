"""`manage.py drain_outbox`."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.support.outbox import put


@pytest.mark.django_db(transaction=True)
def test_a_run_prints_its_report_as_json(lane, chat, provider, capsys):
    put(lane, chat, "one")
    call_command("drain_outbox", "--max-seconds", "20")
    assert json.loads(capsys.readouterr().out) == {
        "sent": 1, "failed": 0, "retried": 0, "uncertain": 0, "remaining": 0, "paused_lanes": 0
    }  # fmt: skip


@pytest.mark.parametrize("seconds", ["0", "-1"])
def test_a_time_that_is_none_is_refused(seconds, capsys):
    with pytest.raises(SystemExit):
        call_command("drain_outbox", "--max-seconds", seconds)
    assert "more than 0" in capsys.readouterr().err


def test_once_and_follow_exclude_each_other():
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("drain_outbox", "--once", "--follow")
