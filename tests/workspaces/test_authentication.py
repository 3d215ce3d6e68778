"""Who calls the API."""

from datetime import timedelta

import pytest
from django.test import Client

from kernel import clock
from tests.support.world import make_member
from workspaces.models import ApiKey, Member, User
from workspaces.roles import Role
from workspaces.services import api_keys, membership

DOOR = "/api/v1/channels"


def refused(response) -> dict:
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == 'Bearer realm="Waybill"'
    return response.json()


def bearer(secret: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def test_a_key_opens_its_own_workspace(world, client):
    answer = client.get(DOOR, **world.bearer())
    assert [channel["name"] for channel in answer.json()["results"]] == ["Shop"]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_is_read_in_any_case(world, client, scheme):
    assert client.get(DOOR, HTTP_AUTHORIZATION=f"{scheme} {world.api_key}").status_code == 200


def test_nobody_at_all_is_refused(db, client):
    assert refused(client.get(DOOR))["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "sent", ["Bearer", "Bearer ", "Bearer nonsense", "Bearer wb_" + "x" * 43, "Bearer a b", "Bearer \xe9"]
)
def test_an_unknown_key_is_refused_without_saying_more(world, client, sent):
    problem = refused(client.get(DOOR, HTTP_AUTHORIZATION=sent))
    assert "not known" in problem["detail"]


def test_a_key_with_something_behind_it_is_refused(world, client):
    refused(client.get(DOOR, HTTP_AUTHORIZATION=f"Bearer {world.api_key} extra"))


def test_the_digest_of_a_key_is_not_a_key(world, client):
    refused(client.get(DOOR, **bearer(ApiKey.objects.get().digest)))


def test_a_revoked_key_is_refused_from_the_next_request_on(world, client):
    key, secret = api_keys.create_api_key(actor=world.ana, name="k", role=Role.AGENT)
    assert client.get(DOOR, **bearer(secret)).status_code == 200
    api_keys.revoke(actor=world.ana, key_id=key.pk)
    assert "not known" in refused(client.get(DOOR, **bearer(secret)))["detail"]


def test_an_expired_key_is_refused_and_says_why(world, client, monkeypatch):
    at = clock.now()
    _, secret = api_keys.create_api_key(
        actor=world.ana, name="k", role=Role.AGENT, expires_at=at + timedelta(minutes=5)
    )
    assert client.get(DOOR, **bearer(secret)).status_code == 200
    monkeypatch.setattr(clock, "now", lambda: at + timedelta(minutes=5))
    assert "expired" in refused(client.get(DOOR, **bearer(secret)))["detail"]


def test_the_last_use_is_written_once_a_minute(world, client, monkeypatch):
    at = clock.now()

    def last_used_after(seconds: int):
        monkeypatch.setattr(clock, "now", lambda: at + timedelta(seconds=seconds))
        assert client.get(DOOR, **world.bearer()).status_code == 200
        return ApiKey.objects.get().last_used_at

    assert last_used_after(0) == at
    assert last_used_after(59) == at
    assert last_used_after(61) == at + timedelta(seconds=61)


def test_a_busy_key_costs_one_query(world, client, django_assert_num_queries):
    with django_assert_num_queries(3):  # the key, its first use, the channels
        client.get(DOOR, **world.bearer())
    with django_assert_num_queries(2):
        client.get(DOOR, **world.bearer())


def test_a_signed_in_member_needs_no_key(world, client):
    client.force_login(world.vic.user)
    assert client.get(DOOR).status_code == 200


def test_a_page_of_another_site_cannot_write_with_the_session(world):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.ana.user)
    response = browser.post(f"{DOOR}/{world.channel.pk}/disconnect")
    assert response.status_code == 403
    world.channel.refresh_from_db()
    assert world.channel.status == "connected"


def test_a_key_needs_no_csrf_token(world):
    _, secret = api_keys.create_api_key(actor=world.ana, name="k", role=Role.ADMIN)
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(f"{DOOR}/{world.channel.pk}/disconnect", **bearer(secret)).status_code == 202


def test_who_is_in_two_workspaces_names_one(world, client):
    Member.objects.create(workspace=world.acme, user=world.zoe.user, role=Role.VIEWER)
    client.force_login(world.zoe.user)

    def names(**headers) -> list[str]:
        return [channel["name"] for channel in client.get(DOOR, **headers).json()["results"]]

    assert names() == ["Zoe's number"]  # the one first joined
    assert names(HTTP_X_WORKSPACE="acme") == ["Shop"]
    session = client.session
    session["workspace"] = "acme"
    session.save()
    assert names() == ["Shop"]


@pytest.mark.parametrize("slug", ["acme", "nowhere", "", "a b", "\0", "é"])
def test_a_workspace_that_is_not_hers_does_not_exist_for_zoe(world, client, slug):
    client.force_login(world.zoe.user)
    response = client.get(DOOR, HTTP_X_WORKSPACE=slug)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_who_was_taken_out_is_out_at_once(world, client):
    client.force_login(world.ben.user)
    assert client.get(DOOR).status_code == 200
    membership.remove(actor=world.ana, member_id=world.ben.pk)
    assert client.get(DOOR).status_code == 403


def test_an_account_that_was_switched_off_is_out_at_once(world, client):
    client.force_login(world.ben.user)
    User.objects.filter(pk=world.ben.user_id).update(is_active=False)
    refused(client.get(DOOR))


def test_who_is_in_no_workspace_sees_nothing(world, client):
    loner = make_member(world.acme, "Lone Some", Role.VIEWER)
    loner.delete()
    client.force_login(loner.user)
    assert client.get(DOOR).status_code == 403
