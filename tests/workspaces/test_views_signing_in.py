"""The door: signing in and out, the start page, switching, and what a stranger may not do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.world import PASSWORD
from workspaces.models import Member, SignInFailures, Workspace
from workspaces.roles import Role
from workspaces.services import signing_in

pytestmark = pytest.mark.django_db

REFUSAL = "That e-mail address and password do not go together."


def sign_in(client, email="ana@example.com", password=PASSWORD, **more):
    return client.post(reverse("workspaces:sign-in"), {"email": email, "password": password, **more})


def test_ana_signs_in_and_lands_in_her_inbox(world, client):
    answer = sign_in(client)
    assert (answer.status_code, answer.url) == (302, "/")
    assert client.get("/").url == "/w/acme/inbox/"


def test_ana_may_write_her_address_in_capitals(world, client):
    assert sign_in(client, email=" ANA@Example.com ").status_code == 302


def test_she_comes_back_to_the_page_she_wanted(world, client):
    wanted = "/w/acme/settings/profile/"
    answer = client.get(wanted)
    assert answer.url == "/sign-in/?next=%2Fw%2Facme%2Fsettings%2Fprofile%2F"
    assert wanted in client.get(answer.url).content.decode()
    assert sign_in(client, next=wanted).url == wanted


@pytest.mark.parametrize(
    "place",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "javascript:alert(1)",
        "http:///elsewhere.example",
        "elsewhere",
        "/\t/elsewhere.example",
    ],
)
def test_a_link_cannot_lead_away_after_signing_in(world, client, place):
    assert sign_in(client, next=place).url == "/"
    assert client.get(reverse("workspaces:sign-in"), {"next": place}).url == "/"


@pytest.mark.parametrize(
    ("email", "password"),
    [("ana@example.com", "wrong"), ("nobody@example.com", PASSWORD), ("zoe@example.com", "wrong")],
)
def test_every_wrong_sign_in_reads_the_same(world, client, email, password):
    answer = sign_in(client, email=email, password=password)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert REFUSAL in page
    assert password not in page


def test_a_closed_account_reads_like_a_wrong_password(world, client):
    world.ana.user.is_active = False
    world.ana.user.save()
    answer = sign_in(client)
    assert answer.status_code == 400
    assert REFUSAL in answer.content.decode()


def test_guessing_a_password_is_stopped(world, client):
    for _ in range(signing_in.TRIES_PER_PERSON_AND_ADDRESS):
        assert sign_in(client, password="wrong").status_code == 400
    answer = sign_in(client)  # even the right one, now
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()
    assert sign_in(client, email="ben@example.com").status_code == 302, "others sign in from the same address"


def test_ana_is_not_locked_out_by_somebody_elses_guesses(world, client):
    for _ in range(signing_in.TRIES_PER_PERSON_AND_ADDRESS + 1):
        client.post(
            reverse("workspaces:sign-in"), {"email": "ana@example.com", "password": "x"}, REMOTE_ADDR="192.0.2.7"
        )
    assert sign_in(client).status_code == 302


def test_guesses_from_many_addresses_are_stopped_too(world, client, monkeypatch):
    monkeypatch.setattr(signing_in, "TRIES_PER_PERSON", 3)
    for number in range(4):
        answer = client.post(
            reverse("workspaces:sign-in"),
            {"email": "ana@example.com", "password": "x"},
            REMOTE_ADDR=f"192.0.2.{number}",
        )
    assert answer.status_code == 429


def test_after_ten_minutes_ana_may_try_again(world, client):
    for _ in range(signing_in.TRIES_PER_PERSON_AND_ADDRESS + 1):
        sign_in(client, password="wrong")
    for row in SignInFailures.objects.all():
        row.since -= signing_in.WINDOW + timedelta(seconds=1)
        row.save()
    assert sign_in(client).status_code == 302


def test_a_right_password_forgives_the_wrong_ones_before(world, client):
    for _ in range(3):
        for _ in range(signing_in.TRIES_PER_PERSON_AND_ADDRESS - 1):
            sign_in(client, password="wrong")
        assert sign_in(client).status_code == 302
        client.post(reverse("workspaces:sign-out"))


def test_the_throttle_keeps_no_address_readable(world, client):
    sign_in(client, password="wrong")
    assert all("@" not in row.key and len(row.key) == 64 for row in SignInFailures.objects.all())
    assert SignInFailures.objects.count() == 3


def test_behind_a_trusted_proxy_the_browsers_own_address_counts(world, client, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for _ in range(signing_in.TRIES_PER_PERSON_AND_ADDRESS + 1):
        client.post(
            reverse("workspaces:sign-in"),
            {"email": "ana@example.com", "password": "x"},
            headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.9"},
        )
    assert sign_in(client).status_code == 302


def test_a_form_from_another_site_is_refused_in_plain_words(world):
    answer = sign_in(Client(enforce_csrf_checks=True))
    assert answer.status_code == 403
    assert "This form was too old" in answer.content.decode()


def test_signing_out_ends_the_session_and_needs_a_post(world, client):
    client.force_login(world.ana.user)
    assert client.get(reverse("workspaces:sign-out")).status_code == 405
    assert client.post(reverse("workspaces:sign-out")).url == "/sign-in/"
    assert client.get("/w/acme/settings/profile/").status_code == 302


def test_a_fresh_installation_says_how_to_begin(client):
    assert client.get(reverse("workspaces:sign-in")).url == "/"
    page = client.get("/").content.decode()
    assert "There is no workspace yet" in page
    assert "create_workspace" in page


def test_a_stranger_is_sent_to_sign_in_from_the_start_page(world, client):
    assert client.get("/").url == "/sign-in/?next=%2F"
    assert client.get("/workspaces/").url == "/sign-in/?next=%2Fworkspaces%2F"


def test_the_start_page_opens_the_workspace_last_used(world, client):
    second = Workspace.objects.create(name="Aardvark", slug="aardvark")
    Member.objects.create(workspace=second, user=world.ana.user, role=Role.VIEWER)
    client.force_login(world.ana.user)
    assert client.get("/").url == "/w/aardvark/inbox/", "the first by name"
    client.get("/w/acme/settings/profile/")
    assert client.session["workspace"] == "acme"
    assert client.get("/").url == "/w/acme/inbox/"
    page = client.get("/workspaces/").content.decode()
    assert "Aardvark" in page
    assert "Zoe" not in page


def test_a_person_without_a_workspace_reads_what_to_do(world, client):
    world.ana.removed_at = world.ana.joined_at
    world.ana.save()
    client.force_login(world.ana.user)
    assert "You are in no workspace" in client.get("/").content.decode()
    assert client.get("/w/acme/settings/profile/").status_code == 404


def test_a_script_without_a_session_is_told_so_and_htmx_opens_the_sign_in_page(world, client):
    answer = client.get(
        "/w/acme/settings/profile/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/w/acme/inbox/?q=1"},
    )
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/sign-in/?next=%2Fw%2Facme%2Finbox%2F%3Fq%3D1"
    answer = client.get("/w/acme/settings/profile/", headers={"Accept": "application/json"})
    assert answer.status_code == 401


def test_zoe_cannot_tell_acme_from_a_workspace_that_is_not_there(world, client):
    client.force_login(world.zoe.user)
    theirs = client.get("/w/acme/settings/profile/")
    nowhere = client.get("/w/nowhere/settings/profile/")
    assert theirs.status_code == nowhere.status_code == 404
    assert "This page is not here" in theirs.content.decode()
    assert "workspace" not in client.session
