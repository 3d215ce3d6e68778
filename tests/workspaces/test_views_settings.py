"""Settings: my profile, members and invitations, API keys, the audit log."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from kernel import signing
from tests.support.world import PASSWORD
from workspaces.models import ApiKey, Invitation, Member, User
from workspaces.roles import Role
from workspaces.services import api_keys, inviting
from workspaces.services.auditing import record

pytestmark = pytest.mark.django_db

ADMIN_PAGES = ["settings-members", "settings-api-keys", "settings-audit"]


def url(name, slug="acme", **kwargs):
    return reverse(f"workspaces:{name}", kwargs={"slug": slug, **kwargs})


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


@pytest.fixture
def ana(world, client):
    client.force_login(world.ana.user)
    return client


@pytest.mark.parametrize("page", [*ADMIN_PAGES, "settings-profile"])
def test_a_stranger_signs_in_first(world, client, page):
    answer = client.get(url(page))
    assert answer.status_code == 302
    assert answer.url.startswith("/sign-in/?next=")


@pytest.mark.parametrize("page", [*ADMIN_PAGES, "settings-profile"])
def test_zoe_finds_nothing(world, client, page):
    client.force_login(world.zoe.user)
    assert client.get(url(page)).status_code == 404


@pytest.mark.parametrize("page", ADMIN_PAGES)
def test_an_agent_and_a_viewer_read_who_can_help(world, client, page):
    for member in (world.ben, world.vic):
        client.force_login(member.user)
        answer = client.get(url(page))
        assert answer.status_code == 403
        assert f"Your role in Acme is {member.role}. Ana Example or Adam Sample can do it" in text(answer)
        assert f'href="{url(page)}"' not in client.get(url("settings-profile")).content.decode()


@pytest.mark.parametrize("page", ADMIN_PAGES)
def test_an_admin_sees_every_page(world, client, page):
    client.force_login(world.adam.user)
    assert client.get(url(page)).status_code == 200


# --- Profile ----------------------------------------------------------------------------------------------------------


def test_ana_changes_her_name_theme_and_keyboard(world, ana):
    changes = {"name": "Ana Other", "theme": "dark", "undo_seconds": "10"}
    assert ana.post(url("settings-profile"), changes).status_code == 302
    user = User.objects.get(pk=world.ana.user_id)
    assert (user.name, user.theme, user.enter_sends, user.undo_seconds) == ("Ana Other", "dark", False, 10)
    assert 'data-theme="dark"' in ana.get(url("settings-profile")).content.decode()


def test_addresses_that_are_none_lead_to_the_start_page(world, ana, client):
    answer = ana.post(reverse("workspaces:theme-change"), {"theme": "light"}, headers={"Referer": "http://[x"})
    assert (answer.status_code, answer.url) == (302, "/")
    client.logout()
    answer = client.get(url("settings-profile"), headers={"HX-Request": "true", "HX-Current-URL": "http://[x"})
    assert (answer.status_code, answer["HX-Redirect"]) == (401, reverse("workspaces:sign-in"))


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 121}, {"name": "a\0b"}, {"theme": "purple"}])
def test_a_profile_that_cannot_be_is_shown_again(world, ana, wrong):
    answer = ana.post(url("settings-profile"), {"name": "Ana", "theme": "auto", **wrong})
    assert answer.status_code == 400
    assert User.objects.get(pk=world.ana.user_id).name == "Ana Example"


def test_the_theme_switch_in_the_menu_comes_back_to_the_page(world, ana):
    answer = ana.post(reverse("workspaces:theme-change"), {"theme": "light"}, headers={"Referer": "http://x/w/acme/"})
    assert answer.url == "/w/acme/"
    assert User.objects.get(pk=world.ana.user_id).theme == "light"
    ana.post(reverse("workspaces:theme-change"), {"theme": "purple"})
    assert User.objects.get(pk=world.ana.user_id).theme == "light"


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(world, client):
    here, elsewhere = client, Client()
    for browser in (here, elsewhere):
        browser.force_login(world.ana.user)
    assert here.post(url("settings-password"), {"current": "wrong", "new": "a-long-new-password"}).status_code == 400
    assert here.post(url("settings-password"), {"current": PASSWORD, "new": "short"}).status_code == 400
    answer = here.post(url("settings-password"), {"current": PASSWORD, "new": "a-long-new-password"})
    assert answer.status_code == 302
    assert here.get(url("settings-profile")).status_code == 200
    assert elsewhere.get(url("settings-profile")).status_code == 302


def test_ben_leaves_and_the_last_owner_cannot(world, client, ana):
    answer = ana.post(url("member-remove", member_id=world.ana.pk), follow=True)
    assert "A workspace needs an owner" in text(answer)
    client.force_login(world.ben.user)
    client.post(url("member-remove", member_id=world.ben.pk))
    assert client.get(url("settings-profile")).status_code == 404


# --- Members ----------------------------------------------------------------------------------------------------------


def test_the_list_names_the_members_and_nobody_else(world, ana):
    page = text(ana.get(url("settings-members")))
    assert all(name in page for name in ("Ana Example", "Adam Sample", "Ben Demo", "Vic Viewer"))
    assert "Zoe" not in page


def test_ana_makes_ben_an_admin_and_takes_out_vic(world, ana):
    ana.post(url("member-role", member_id=world.ben.pk), {"role": "admin"})
    ana.post(url("member-remove", member_id=world.vic.pk))
    world.ben.refresh_from_db()
    world.vic.refresh_from_db()
    assert world.ben.role == Role.ADMIN
    assert world.vic.removed_at is not None


def test_an_admin_cannot_touch_an_owner_nor_make_one(world, client):
    client.force_login(world.adam.user)
    page = client.get(url("settings-members")).content.decode()
    assert url("member-remove", member_id=world.ana.pk) not in page
    assert 'value="owner"' not in page
    client.post(url("member-role", member_id=world.ben.pk), {"role": "owner"})
    assert client.post(url("member-remove", member_id=world.ana.pk)).status_code == 403
    world.ben.refresh_from_db()
    world.ana.refresh_from_db()
    assert (world.ben.role, world.ana.removed_at) == (Role.AGENT, None)


def test_members_of_another_workspace_are_not_there(world, ana):
    assert ana.post(url("member-role", member_id=world.zoe.pk), {"role": "viewer"}).status_code == 404
    assert ana.post(url("member-remove", member_id=world.zoe.pk)).status_code == 404
    world.zoe.refresh_from_db()
    assert (world.zoe.role, world.zoe.removed_at) == (Role.OWNER, None)


@pytest.mark.parametrize("name", ["member-role", "member-remove"])
def test_an_agent_changes_nobody(world, client, name):
    client.force_login(world.ben.user)
    assert client.post(url(name, member_id=world.vic.pk), {"role": "admin"}).status_code == 403
    client.force_login(world.zoe.user)
    assert client.post(url(name, member_id=world.vic.pk), {"role": "admin"}).status_code == 404


# --- Invitations ------------------------------------------------------------------------------------------------------


def invite(client, email="new@example.com", role="agent") -> str:
    """Invite on the page; returns the path of the link shown there."""
    answer = client.post(url("settings-members"), {"email": email, "role": role})
    assert answer.status_code == 201
    return re.search(r'id="invitation-link">http[^<]*?(/invitations/[^<]+)<', answer.content.decode()).group(1)


def test_the_link_is_shown_once(world, ana):
    path = invite(ana)
    assert path not in ana.get(url("settings-members")).content.decode()
    assert "new@example.com" in text(ana.get(url("settings-members")))
    assert Invitation.objects.get().token_digest == signing.digest(path.split("/")[2])


def test_a_new_person_joins_with_a_name_and_a_password(world, ana, client):
    path = invite(ana)
    client.logout()
    assert "Ana Example invites you as agent" in text(client.get(path))
    assert client.post(path, {"name": "Nina New", "password": "short"}).status_code == 400
    answer = client.post(path, {"name": "Nina New", "password": "a-long-new-password"})
    assert answer.url == "/w/acme/"
    assert Member.objects.get(user__email="new@example.com").role == Role.AGENT
    assert client.get(url("settings-profile")).status_code == 200
    assert client.get(path).status_code == 410, "a link works once"


def test_somebody_with_an_account_signs_in_first_and_comes_back(world, ana, client):
    path = invite(ana, email="zoe@example.com", role="viewer")
    client.logout()
    page = client.get(path)
    assert f'href="/sign-in/?next={path}"' in page.content.decode()
    assert client.post(path, {"name": "X", "password": "a-long-new-password"}).status_code == 200
    assert not Member.objects.filter(workspace=world.acme, user=world.zoe.user).exists()
    client.force_login(world.zoe.user)
    assert client.post(path).url == "/w/acme/"
    assert Member.objects.get(workspace=world.acme, user=world.zoe.user).role == Role.VIEWER


def test_an_invitation_for_another_address_is_not_taken_by_who_is_signed_in(world, ana, client):
    path = invite(ana)
    client.force_login(world.zoe.user)
    assert "The invitation is for another address" in text(client.get(path))
    client.post(path)
    assert not Member.objects.filter(workspace=world.acme, user=world.zoe.user).exists()
    assert client.post(reverse("workspaces:sign-out"), {"next": path}).url == path


def test_a_revoked_or_unknown_link_says_so(world, ana, client):
    path = invite(ana)
    ana.post(url("invitation-revoke", invitation_id=Invitation.objects.get().pk))
    assert client.get(path).status_code == 410
    assert "taken back" in text(client.get(path))
    assert client.get("/invitations/nothing/").status_code == 404


def test_an_agent_and_zoe_cannot_revoke_an_invitation(world, client):
    invitation, _ = inviting.invite(actor=world.ana, email="new@example.com", role="agent")
    path = url("invitation-revoke", invitation_id=invitation.pk)
    client.force_login(world.ben.user)
    assert client.post(path).status_code == 403
    client.force_login(world.zoe.user)
    assert client.post(path).status_code == 404
    assert client.post(url("invitation-revoke", "zoes", invitation_id=invitation.pk)).status_code == 404
    invitation.refresh_from_db()
    assert invitation.revoked_at is None


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"email": "ben@example.com", "role": "agent"}, "member of the workspace already"),
        ({"email": "no address", "role": "agent"}, "valid email address"),
        ({"email": "new@example.com", "role": "king"}, "not one of the available choices"),
    ],
)
def test_an_invitation_that_cannot_be_says_why(world, ana, form, sentence):
    answer = ana.post(url("settings-members"), form)
    assert 400 <= answer.status_code < 500
    assert sentence in text(answer)


# --- API keys ---------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_works(world, ana, client):
    answer = ana.post(url("settings-api-keys"), {"name": "Shop system", "role": "agent", "lifetime": "30"})
    assert answer.status_code == 201
    secret = re.search(r'id="new-key">([^<]+)<', answer.content.decode()).group(1)
    key = ApiKey.objects.get(name="Shop system")
    assert key.digest == signing.digest(secret)
    assert key.expires_at is not None
    page = ana.get(url("settings-api-keys")).content.decode()
    assert secret not in page
    assert key.digest not in page
    assert f"…{key.hint}" in page


def test_a_key_without_end_and_its_revocation(world, ana):
    ana.post(url("settings-api-keys"), {"name": "For ever", "role": "viewer", "lifetime": ""})
    key = ApiKey.objects.get(name="For ever")
    assert key.expires_at is None
    ana.post(url("api-key-revoke", key_id=key.pk))
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "For ever" not in text(ana.get(url("settings-api-keys"))).replace("“For ever”", "")


def test_an_admin_cannot_make_an_owners_key(world, client):
    client.force_login(world.adam.user)
    answer = client.post(url("settings-api-keys"), {"name": "x", "role": "owner", "lifetime": "30"})
    assert answer.status_code == 400
    assert not ApiKey.objects.filter(name="x").exists()


def test_ben_and_zoe_cannot_revoke_a_key(world, client):
    key, _ = api_keys.create_api_key(actor=world.ana, name="x", role="agent")
    client.force_login(world.ben.user)
    assert client.post(url("api-key-revoke", key_id=key.pk)).status_code == 403
    client.force_login(world.zoe.user)
    assert client.post(url("api-key-revoke", key_id=key.pk)).status_code == 404
    assert client.post(url("api-key-revoke", "zoes", key_id=key.pk)).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


# --- Audit log --------------------------------------------------------------------------------------------------------


def test_the_audit_log_pages_backwards_and_escapes(world, ana):
    for number in range(60):
        record(actor=world.ana, deed=f"thing.done_{number}", details={"name": "<script>alert(1)</script>"})
    record(actor=world.zoe, deed="zoes.deed")
    first = ana.get(url("settings-audit")).content.decode()
    assert "thing.done_59" in first
    assert "thing.done_10<" in first
    assert "thing.done_9<" not in first
    assert "<script>alert" not in first
    assert "zoes.deed" not in first
    older = re.search(r'href="\?cursor=([^"]+)"', first).group(1)
    second = ana.get(url("settings-audit"), {"cursor": older}).content.decode()
    assert "thing.done_9<" in second
    assert "thing.done_10<" not in second


@pytest.mark.parametrize("cursor", ["nonsense", "WyJ4Il0", "%00"])
def test_a_cursor_that_the_log_did_not_give_out_starts_again(world, ana, cursor):
    assert ana.get(url("settings-audit"), {"cursor": cursor}).status_code == 404
