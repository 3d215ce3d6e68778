"""What a person reads when a page cannot be shown."""

import re

import pytest
from django.db import connection
from django.test import Client

from workspaces.views.settings import profile

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken(monkeypatch):
    """The profile page breaks, and whatever the answer asks of the database would break too."""

    def breaks(*args, **kwargs):
        connection.execute_wrappers.append(refuse)
        raise RuntimeError("the secret cause")

    def refuse(execute, sql, params, many, context):
        raise AssertionError(f"the page for a broken request asked the database: {sql}")

    monkeypatch.setattr(profile, "_page", breaks)
    yield
    if refuse in connection.execute_wrappers:
        connection.execute_wrappers.remove(refuse)


def test_a_broken_request_shows_an_id_that_the_log_has_too(world, broken, caplog):
    client = Client(raise_request_exception=False)
    client.force_login(world.ana.user)
    answer = client.get("/w/acme/settings/profile/")
    assert answer.status_code == 500
    page = answer.content.decode()
    request_id = re.search(r'id="request-id">(req-[0-9a-f]{12})<', page).group(1)
    assert answer["X-Request-Id"] == request_id
    assert "the secret cause" not in page
    assert any(request_id in record.getMessage() for record in caplog.records)


def test_an_address_that_is_nowhere_has_a_way_back(world, client):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert 'href="/"' in answer.content.decode()


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/nowhere/", "/api/v1/chats/no-uuid", "/api/v1/chats/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_programs_get_a_problem_document_instead(world, settings, path, debug, method):
    settings.DEBUG = debug
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_no_page_allows_inline_script_or_style(world, client):
    client.force_login(world.ana.user)
    answer = client.get("/w/acme/settings/members/")
    policy = answer["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page)
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
