"""The web server ends when it is asked to, whatever it is doing, and its pages are what they were under one thread."""

import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction

from kernel import http
from tests.support.waiting import queries_that_wait, until
from tests.support.web import Web, running_web
from tests.support.world import PASSWORD

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]

AT_ONCE = 6
GRACE_SECONDS = 10.0


@pytest.fixture
def web(world, tmp_path) -> Iterator[Web]:
    with running_web(tmp_path / "web.log") as web:
        yield web


def test_it_ends_on_sigterm_with_requests_in_flight(world, web):
    def ask() -> None:
        with suppress(http.HttpFailure):
            web.call("GET", "/api/v1/chats", headers={"Authorization": world.bearer()["HTTP_AUTHORIZATION"]})

    asking = [threading.Thread(target=ask, daemon=True) for _ in range(AT_ONCE)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("lock table workspaces_apikey in access exclusive mode")
        for thread in asking:
            thread.start()
        until(lambda: queries_that_wait() == AT_ONCE)
        web.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):  # its threads still work
            web.process.wait(0.5)
    web.process.wait(GRACE_SECONDS)


def test_signed_in_pages_forms_and_files_work_under_it(world, web):
    page = web.call("GET", "/sign-in/")
    cookie = re.search(r"csrftoken=(\w+)", page.headers["set-cookie"])[1]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.body.decode())[1]
    form = {"csrfmiddlewaretoken": token, "email": "ana@example.com", "password": PASSWORD}
    headers = {"Cookie": f"csrftoken={cookie}", "Content-Type": "application/x-www-form-urlencoded"}
    signed_in = web.call("POST", "/sign-in/", data=urlencode(form).encode(), headers=headers)
    session = re.search(r"sessionid=(\w+)", signed_in.headers["set-cookie"])[1]
    own = web.call("GET", f"/w/{world.acme.slug}/outbox/", headers={"Cookie": f"sessionid={session}"})
    assert (own.status, "Shop" in own.body.decode()) == (200, True)
    assert "default-src 'none'" in own.headers["content-security-policy"]
    assert web.call("GET", f"/w/{world.acme.slug}/outbox/").status == 302

    name = re.search(r'href="(/static/[^"]+\.css)"', own.body.decode())[1]
    style = web.call("GET", name)
    assert (style.status, style.headers["content-type"]) == (200, 'text/css; charset="utf-8"')
    assert web.call("GET", name, headers={"If-None-Match": style.headers["etag"]}).status == 304
