"""Channels over REST."""

import json
import logging
import uuid

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from channels_app import jobs
from channels_app.models import Channel
from channels_app.services import connection
from channels_app.services.channels import create_channel
from channels_app.states import ChannelStatus
from kernel import clock, signing
from outbox.services.operating import hold_lane
from tests.channels_app.conftest import TOKEN
from tests.support.fake_provider import perform, waiting_jobs
from workspaces.models import ApiKey, AuditEntry

NEW = {"provider": "whapi", "name": "Deliveries", "token": TOKEN, "phone_number": "+1 555 010 0142"}
ROUTES = [  # (method, path after /channels/<id>, body)
    ("get", "", None),
    ("patch", "", {"name": "Mine"}),
    ("delete", "", None),
    ("post", "/connect", None),
    ("post", "/disconnect", None),
    ("post", "/reconnect", None),
    ("post", "/logout", None),
    ("get", "/qr", None),
]


@pytest.fixture
def ask(client):
    """Ask the API as a member; answers (status, body)."""

    def ask(member, method: str, path: str, body=None):
        client.force_login(member.user)
        response = client.generic(
            method.upper(),
            f"/api/v1/channels{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
        )
        return response.status_code, response.json() if response.content else None

    return ask


def test_adam_adds_a_channel_and_sees_the_webhook_secret_once(world, ask):
    status, made = ask(world.adam, "post", "", NEW)
    assert status == 201
    channel = Channel.objects.get(pk=made["id"])
    assert channel.webhook_secret_digest == signing.digest(made["webhook_secret"])
    assert made["webhook_url"].endswith(f"/api/webhooks/whapi/{channel.pk}")
    assert (made["status"], made["phone_number"], made["token_hint"]) == ("disconnected", "+15550100142", "WXYZ")
    status, shown = ask(world.adam, "get", f"/{made['id']}")
    assert status == 200
    assert "webhook_secret" not in shown
    assert made["webhook_secret"] not in str(shown)


def test_a_number_of_meta_belongs_to_one_channel_at_a_time(world, ask):
    number = {
        "provider": "cloud",
        "name": "Shop at Meta",
        "token": "an-access-token-0123456789",
        "phone_number_id": "100000000000001",
        "waba_id": "200000000000001",
        "app_secret": "an-app-secret-0123456789",
    }
    said = "Another channel of this workspace has this phone number ID already."
    status, first = ask(world.ana, "post", "", number)
    assert status == 201
    status, refused = ask(world.ana, "post", "", {**number, "name": "The same again"})
    assert (status, refused["detail"], refused["errors"]) == (400, said, {"phone_number_id": [said]})
    status, other = ask(world.ana, "post", "", {**number, "phone_number_id": "100000000000002"})
    assert status == 201
    path = f"/{other['id']}"
    assert ask(world.ana, "patch", path, {"phone_number_id": "100000000000001"})[1]["detail"] == said
    assert ask(world.ana, "patch", path, {"phone_number_id": "100000000000003"})[0] == 200
    assert ask(world.zoe, "post", "", number)[0] == 201
    assert ask(world.ana, "delete", f"/{first['id']}")[0] in (200, 204)
    assert ask(world.ana, "patch", path, {"phone_number_id": "100000000000001"})[0] == 200


def test_no_answer_no_log_line_and_no_audit_row_holds_the_token(world, ask, caplog):
    with caplog.at_level(logging.DEBUG):
        answers = [ask(world.ana, "post", "", NEW)]
        path = f"/{answers[0][1]['id']}"
        answers.append(ask(world.ana, "patch", path, {"token": TOKEN + "-2"}))
        answers += [ask(world.ana, method, path + rest, body) for method, rest, body in ROUTES if method != "delete"]
        answers.append(ask(world.ana, "get", ""))
        answers.append(ask(world.ana, "post", "", {**NEW, "name": ""}))
        answers.append(ask(world.ana, "post", "", {**NEW, "token": TOKEN + " " + TOKEN}))
        answers.append(ask(world.ana, "delete", path))
    logged = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("django.db"))
    assert TOKEN not in str(answers)
    assert TOKEN not in logged
    assert TOKEN not in str(list(AuditEntry.objects.values()))


def test_the_list_goes_page_by_page_oldest_first(world, ask):
    names = [f"Number {number}" for number in range(5)]
    for name in names:
        create_channel(actor=world.ana, **{**NEW, "name": name})
    seen, cursor = [], ""
    while cursor is not None:
        status, page = ask(world.vic, "get", f"?limit=2&cursor={cursor}")
        assert status == 200
        assert len(page["results"]) <= 2
        seen += [channel["name"] for channel in page["results"]]
        cursor = page["next"]
    assert seen == ["Shop", *names]


def test_a_long_list_costs_as_many_queries_as_a_short_one(world, ask):
    def queries() -> int:
        with CaptureQueriesContext(
            database,
        ) as caught:
            assert ask(world.vic, "get", "?limit=200")[0] == 200
        return len(caught)

    create_channel(actor=world.ana, **NEW)
    queries()
    few = queries()
    Channel.objects.bulk_create(
        Channel(workspace=world.acme, provider="whapi", name=f"Number {number}") for number in range(38)
    )
    assert queries() == few


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=WyJ4Il0", "cursor=%00"])
def test_a_page_that_cannot_be_is_refused_with_the_field(world, ask, query):
    status, problem = ask(world.vic, "get", f"?{query}")
    assert (status, problem["code"]) == (400, "invalid")
    assert list(problem["errors"]) == [query.partition("=")[0]]


def test_a_pause_that_the_provider_asked_for_is_shown_with_its_end(world, ask):
    until = hold_lane(lane_id=world.channel.pk, seconds=300, reason="Told to wait.")
    _, shown = ask(world.vic, "get", f"/{world.channel.pk}")
    assert shown["paused_until"] == until.isoformat().replace("+00:00", "Z")
    hold_lane(lane_id=world.zoes_channel.pk, seconds=-5, reason="Told to wait.")
    _, shown = ask(world.zoe, "get", f"/{world.zoes_channel.pk}")
    assert shown["paused_until"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**NEW, "provider": "pigeon"}, "provider"),
        ({**NEW, "token": ""}, "token"),
        ({**NEW, "token": "two words"}, "token"),
        ({**NEW, "token": "t\0"}, "token"),
        ({**NEW, "name": "n" * 81}, "name"),
        ({**NEW, "name": "n\0"}, "name"),
        ({**NEW, "phone_number": "call me"}, "phone_number"),
        ({"provider": "whapi", "token": TOKEN}, "name"),
        ({"provider": "whapi", "name": "n"}, "token"),
    ],
)
def test_what_cannot_be_used_is_named(world, ask, body, field):
    status, problem = ask(world.ana, "post", "", body)
    assert (status, problem["code"]) == (400, "invalid")
    assert list(problem["errors"]) == [field]


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "1"])
def test_a_body_that_is_no_object_is_refused(world, client, body):
    client.force_login(world.ana.user)
    response = client.post("/api/v1/channels", body, content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_status_and_pause_cannot_be_written(world, ask):
    ask(world.ana, "patch", f"/{world.channel.pk}", {"status": "error", "status_detail": "x", "name": "Renamed"})
    world.channel.refresh_from_db()
    assert (world.channel.status, world.channel.status_detail, world.channel.name) == ("connected", "", "Renamed")


def test_the_walk_to_a_linked_phone(world, ask, provider, shop):
    path = f"/{shop.pk}"
    assert ask(world.ana, "get", f"{path}/qr") == (200, {"status": "unavailable", "qr": None, "expires_at": None})
    status, shown = ask(world.ana, "post", f"{path}/connect")
    assert (status, shown["status"]) == (202, "connecting")
    assert provider.asked == []  # a request never waits for the provider
    assert ask(world.ana, "get", f"{path}/qr")[1]["status"] == "pending"
    perform(next(item for item in waiting_jobs(shop) if item.kind == jobs.CONNECT))
    _, code = ask(world.ana, "get", f"{path}/qr")
    assert (code["status"], code["qr"][:22]) == ("ready", "data:image/png;base64,")
    assert code["expires_at"] > clock.now().isoformat()
    connection.note_health(channel_id=shop.pk, health=provider.health(None))
    assert ask(world.ana, "get", f"{path}/qr") == (200, {"status": "connected", "qr": None, "expires_at": None})
    assert ask(world.ana, "post", f"{path}/connect")[0] == 409
    assert ask(world.ana, "post", f"{path}/reconnect")[0] == 202
    assert ask(world.ana, "post", f"{path}/logout")[0] == 202
    assert ask(world.ana, "post", f"{path}/disconnect")[0] == 202


def test_the_code_is_not_kept_by_any_cache(world, client, provider, shop):
    client.force_login(world.ana.user)
    assert "no-store" in client.get(f"/api/v1/channels/{shop.pk}/qr")["Cache-Control"]


def test_a_deleted_channel_is_gone(world, ask, shop):
    assert ask(world.ana, "delete", f"/{shop.pk}") == (204, None)
    assert ask(world.ana, "get", f"/{shop.pk}")[0] == 404
    assert [channel["name"] for channel in ask(world.ana, "get", "")[1]["results"]] == ["Shop"]


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_every_door_asks_the_role_table_and_knows_no_outsider(world, ask, provider, shop, method, rest, body):
    seen_by_all = (method, rest) == ("get", "")
    path = f"/{shop.pk}{rest}"
    before = Channel.objects.filter(pk=shop.pk).values().get()
    for member in (world.ben, world.vic):
        status, answer = ask(member, method, path, body)
        assert status == (200 if seen_by_all else 403)
        assert seen_by_all or answer["code"] == "forbidden"
    for status, answer in (
        ask(world.zoe, method, path, body),
        ask(world.ana, method, f"/{uuid.uuid4()}{rest}", body),
    ):
        assert (status, answer["code"]) == (404, "channel_not_found")
    assert Channel.objects.filter(pk=shop.pk).values().get() == before
    assert ask(world.adam, method, path, body)[0] in {200, 202, 204}


def test_agents_viewers_and_outsiders_add_nothing_to_acme(world, ask):
    before = Channel.objects.filter(workspace=world.acme).count()
    assert ask(world.ben, "post", "", NEW)[0] == 403
    assert ask(world.vic, "post", "", NEW)[0] == 403
    status, made = ask(world.zoe, "post", "", NEW)
    assert status == 201
    assert Channel.objects.get(pk=made["id"]).workspace == world.zoes
    assert Channel.objects.filter(workspace=world.acme).count() == before


def test_a_key_of_an_admin_manages_channels_and_is_named_in_the_audit_log(world, client):
    key = signing.new_secret("wb_")
    ApiKey.objects.create(workspace=world.acme, name="ops", role="admin", digest=signing.digest(key), hint=key[-4:])
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    response = client.post("/api/v1/channels", NEW, content_type="application/json", **bearer)
    assert response.status_code == 201
    entry = AuditEntry.objects.get(deed="channel.created")
    assert (entry.api_key.name, entry.actor_name, entry.user) == ("ops", "API key ops", None)


def test_an_agents_key_reads_channels_only(world, client):
    assert client.get("/api/v1/channels", **world.bearer()).status_code == 200
    path = f"/api/v1/channels/{world.channel.pk}"
    assert client.delete(path, **world.bearer()).status_code == 403
    assert client.get(f"/api/v1/channels/{world.zoes_channel.pk}", **world.bearer()).status_code == 404


@pytest.mark.parametrize(("method", "path"), [("put", ""), ("delete", ""), ("post", f"/{uuid.uuid4()}")])
def test_other_verbs_are_refused(world, ask, method, path):
    status, problem = ask(world.ana, method, path, {})
    assert (status, problem["code"]) == (405, "method_not_allowed")


def test_status_words_of_the_api_are_those_of_the_contract():
    words = {"disconnected", "connecting", "qr_pending", "connected", "degraded", "logged_out", "error"}
    assert set(ChannelStatus.values) == words


def test_the_published_schema_answers_no_token_and_documents_refusals():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shapes = schema["components"]["schemas"]
    assert "token" in shapes["AddChannelShape"]["properties"]
    for name in ("ChannelShape", "NewChannelShape"):
        assert "token" not in shapes[name]["properties"]
    operations = [
        operation
        for path, operations in schema["paths"].items()
        if path.startswith("/api/v1/channels")
        for operation in operations.values()
    ]
    assert len(operations) >= 15
    for operation in operations:
        assert operation["responses"]["default"]["content"]["application/problem+json"]["schema"]
        assert {"apiKey": []} in operation["security"]
