"""The watch over every test's secrets sees a leak wherever there is one."""

import logging

import pytest
from django.core.mail import EmailMessage
from django.http import HttpResponse, JsonResponse

from channels_app.models import ConnectionLogEntry
from kernel import crypto, signing
from tests.support.secrets_watch import Watch

SECRET = "a-secret-of-nobody%_0123"


@pytest.fixture
def watched(monkeypatch) -> Watch:
    """One of its own, so that what is planted here does not fail this very test."""
    fresh = Watch()
    monkeypatch.setattr("tests.support.secrets_watch.watch", fresh)
    return fresh


def test_what_is_sealed_is_looked_for(watched):
    crypto.encrypt(SECRET)
    crypto.encrypt("short")
    assert watched.given == {SECRET}
    assert watched.leaks() == []


def test_a_secret_in_the_log_is_seen_in_its_arguments_and_in_a_traceback(watched):
    crypto.encrypt(SECRET)
    logging.getLogger("waybill.test").warning("tried with %s", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("waybill.test").exception("failed")
    assert len(watched.leaks()) == 2


def test_a_secret_in_an_answer_is_seen_unless_waybill_made_it(watched):
    made = signing.new_secret()
    for secret in (SECRET, made):
        crypto.encrypt(secret)
        watched.note_response(JsonResponse({"token": secret}))
        watched.note_response(HttpResponse("", headers={"X-Token": secret}))
    assert len(watched.leaks()) == 2
    assert all(SECRET in leak for leak in watched.leaks())


@pytest.mark.django_db
def test_a_secret_in_a_row_and_in_a_letter_is_seen(watched, world, mailoutbox):
    crypto.encrypt(SECRET)
    assert watched.leaks() == []
    EmailMessage("Look", SECRET, to=["ana@example.com"]).send()
    entry = {"workspace": world.acme, "channel": world.channel, "old": "connected", "new": "connected"}
    ConnectionLogEntry.objects.create(**entry, reason=f"Tried {SECRET}.")
    assert [leak.rpartition(" ")[2] for leak in watched.leaks() if "row" in leak] == ["channels_app_connectionlogentry"]
    assert any("an e-mail" in leak for leak in watched.leaks())
