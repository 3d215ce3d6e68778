"""The inbound log over REST."""

import pytest
from django.contrib.auth.models import Permission as DjangoPermission

from kernel import signing
from tests.webhooks.bodies import messages, text
from webhooks.models import InboundEvent
from webhooks.services.applying import sweep_pending
from workspaces.models import ApiKey


def bearer(workspace, role) -> dict[str, str]:
    key = signing.new_secret("wb_")
    ApiKey.objects.create(workspace=workspace, name=role, role=role, digest=signing.digest(key), hint=key[-4:])
    return {"HTTP_AUTHORIZATION": f"Bearer {key}"}


@pytest.fixture
def admin_key(world):
    return bearer(world.acme, "admin")


@pytest.fixture
def zoes_key(world):
    return bearer(world.zoes, "owner")


def test_the_log_is_newest_first_in_pages_without_bodies(world, post, client, admin_key, zoes_key):
    for number in range(5):
        post(world.channel, messages(text(f"m{number}")))
    post(world.zoes_channel, messages(text("z")))
    sweep_pending()
    seen, cursor = [], ""
    while True:
        page = client.get(f"/api/v1/webhook-events?limit=2{cursor}", **admin_key).json()
        seen += page["results"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert [one["wa_message_ids"] for one in seen] == [[f"m{number}"] for number in reversed(range(5))]
    assert "body" not in seen[0]
    assert {name: seen[0][name] for name in ("channel", "kind", "result", "reason", "attempts")} == {
        "channel": str(world.channel.pk),
        "kind": "messages.post",
        "result": "applied",
        "reason": "",
        "attempts": 1,
    }
    assert seen[0]["received_at"].endswith("Z")
    zoes = client.get("/api/v1/webhook-events", **zoes_key).json()["results"]
    assert [one["wa_message_ids"] for one in zoes] == [["z"]]


def test_the_log_is_searched_by_channel_result_and_message(world, post, client, admin_key, zoes_key):
    post(world.channel, messages(text("a")))
    post(world.channel, {})
    post(world.channel, b"{")
    sweep_pending()

    def found(query, key=admin_key):
        return [one["result"] for one in client.get(f"/api/v1/webhook-events?{query}", **key).json()["results"]]

    assert sorted(found("")) == ["applied", "ignored", "refused"]
    assert found("wa_message_id=a") == ["applied"]
    assert found("wa_message_id=other%00") == []
    assert found("result=ignored") == ["ignored"]
    assert len(found(f"channel={world.channel.pk}")) == 3
    assert found(f"channel={world.zoes_channel.pk}") == []
    for wrong in ("channel=x", "result=x", "cursor=x", "limit=0", "limit=201"):
        assert client.get(f"/api/v1/webhook-events?{wrong}", **admin_key).status_code == 400
    assert found("wa_message_id=a", zoes_key) == []
    assert found(f"channel={world.channel.pk}", zoes_key) == []


def test_one_event_shows_its_body_as_json_or_as_text(world, post, client, admin_key, zoes_key):
    post(world.channel, messages(text("a")))
    event = InboundEvent.objects.get()
    url = f"/api/v1/webhook-events/{event.pk}"
    assert client.get(url, **admin_key).json()["body"] == messages(text("a"))
    deep = b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    InboundEvent.objects.filter(pk=event.pk).update(body=deep)
    assert client.get(url, **admin_key).json()["body"] == deep.decode()
    InboundEvent.objects.filter(pk=event.pk).update(body=b"")
    assert client.get(url, **admin_key).json()["body"] is None
    assert client.get(url, **zoes_key).status_code == 404


def test_an_event_is_replayed_and_answers_how_it_ended(world, post, client, admin_key, zoes_key):
    post(world.channel, messages(text("a")))
    event = InboundEvent.objects.get()
    url = f"/api/v1/webhook-events/{event.pk}/replay"
    first = client.post(url, **admin_key)
    assert (first.status_code, first.json()["result"], first.json()["attempts"]) == (200, "applied", 1)
    assert client.post(url, **admin_key).json()["attempts"] == 2
    InboundEvent.objects.filter(pk=event.pk).update(result="refused")
    assert client.post(url, **admin_key).status_code == 409
    assert client.post(url, **zoes_key).status_code == 404


def test_agents_see_no_raw_bodies(world, post, client):
    post(world.channel, messages(text("a")))
    event = InboundEvent.objects.get()
    for method, path in (("get", ""), ("get", f"/{event.pk}"), ("post", f"/{event.pk}/replay")):
        response = getattr(client, method)(f"/api/v1/webhook-events{path}", **world.bearer())
        assert response.status_code == 403
        assert getattr(client, method)(f"/api/v1/webhook-events{path}").status_code in (401, 403)


def test_the_list_costs_the_same_for_two_events_and_for_forty(
    world, post, client, admin_key, django_assert_num_queries
):
    post(world.channel, messages(text("a")))
    client.get("/api/v1/webhook-events", **admin_key)
    for number in range(40):
        post(world.channel, messages(text(f"m{number}")))
    with django_assert_num_queries(2):
        client.get("/api/v1/webhook-events", **admin_key)


def test_staff_who_may_only_look_replay_nothing_in_django_admin(world, post, client):
    post(world.channel, messages(text("a")))
    event = InboundEvent.objects.get()
    world.vic.user.is_staff = True
    world.vic.user.save()
    world.vic.user.user_permissions.set(DjangoPermission.objects.filter(codename="view_inboundevent"))
    client.force_login(world.vic.user)
    chosen = {"action": "replay_events", "_selected_action": [str(event.pk)]}
    client.post("/admin/webhooks/inboundevent/", chosen, follow=True)
    event.refresh_from_db()
    assert event.result == "pending"


def test_django_admin_shows_the_log_and_replays_but_changes_nothing(world, post, admin_client):
    post(world.channel, messages(text("a")))
    event = InboundEvent.objects.get()
    listed = "/admin/webhooks/inboundevent/"
    assert admin_client.get(listed).status_code == 200
    page = admin_client.get(f"{listed}{event.pk}/change/")
    assert "Carla Customer" in page.content.decode()
    assert admin_client.get(f"{listed}add/").status_code == 403
    assert admin_client.post(f"{listed}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "replay_events", "_selected_action": [str(event.pk)]}
    assert admin_client.post(listed, chosen, follow=True).status_code == 200
    event.refresh_from_db()
    assert event.result == "applied"
