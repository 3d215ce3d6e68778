"""Search in names, numbers and texts, and the list of people."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from channels_app.services.restricting import keep_for_teams
from inbox.models import Chat, Contact, Message
from inbox.selectors import search
from inbox.selectors.search import extract_of, text_hits
from inbox.services.notes import delete_note, write_note
from tests.support.chats import customer_writes, make_chat
from tests.support.query_budget import at_most, queries_of
from tests.support.world import make_channel
from workspaces.services.teams import create_team

pytestmark = pytest.mark.django_db


def found(api, q: str) -> list[str]:
    answer = api.get("/api/v1/chats", {"q": q})
    assert answer.status_code == 200, answer.content
    return sorted(chat["name"] for chat in answer.json()["results"])


@pytest.fixture
def people(world) -> list[Chat]:
    carla = make_chat(world.channel, "Carla Peña", line=9001)
    dora = make_chat(world.channel, "Dora O'Neill", line=9002)
    group = Chat.objects.create(
        workspace=world.acme, channel=world.channel, wa_chat_id="120363000000000001@g.us", kind="group", name="Carpool"
    )
    customer_writes(carla, "The parcel to Zürich has not arrived; mail me at carla@example.com")
    customer_writes(dora, "Thank you!")
    customer_writes(make_chat(world.zoes_channel, "Carla of Zoe's", line=9003), "parcel")
    return [carla, dora, group]


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("car", ["Carla Peña", "Carpool"]),
        ("CARLA", ["Carla Peña"]),
        ("peña", ["Carla Peña"]),
        ("carla peñ", ["Carla Peña"]),
        ("o'neill", ["Dora O'Neill"]),
        ("5550109002", ["Dora O'Neill"]),
        ("+1 555 010-9001", ["Carla Peña"]),
        ("parc zür", ["Carla Peña"]),
        ("carla@example.com", ["Carla Peña"]),
        ("parcel paris", []),
        ("arla", []),
        ("!!! ::: &|", []),
        ("' | '':* & \\", []),
        ("a\x00b", []),
        ("555", []),
        ("x" * 3000, []),
    ],
)
def test_chats_are_found_by_name_number_and_text_of_our_own(api, people, q, names):
    assert found(api, q) == names


def test_an_outsider_finds_only_her_own(zoes_api, people):
    assert found(zoes_api, "parcel") == ["Carla of Zoe's"]
    assert found(zoes_api, "5550109001") == []


def test_hits_in_messages_come_newest_first_with_the_words_marked(world, people):
    carla = people[0]
    older = Message.objects.get(chat=carla)
    newer = customer_writes(carla, "Any news of the <b>parcel</b>?")
    deleted = customer_writes(carla, "parcel, deleted", deleted_at=timezone.now())
    hits = text_hits(world.ana, "parcel", limit=10)
    assert [hit.row.pk for hit in hits] == [newer.pk, older.pk]
    assert hits[0].extract == [("Any news of the <b>", False), ("parcel", True), ("</b>?", False)]
    assert deleted.pk not in {hit.row.pk for hit in hits}
    assert [hit.chat.pk for hit in hits] == [carla.pk] * 2
    assert [hit.row.pk for hit in text_hits(world.ana, "parcel", limit=1)] == [newer.pk]
    assert text_hits(world.zoe, "parcel")[0].chat.contact.name == "Carla of Zoe's"
    assert text_hits(world.ana, "…") == []


@pytest.mark.parametrize(
    ("text", "q", "extract"),
    [
        ("Thank you", "tha", [("Thank", True), (" you", False)]),
        ("À José's café", "jose cafe", [("À ", False), ("José", True), ("'s ", False), ("café", True)]),
        ("Cafe\u0301 noir", "café", [("Cafe\u0301", True), (" noir", False)]),
        ("no hit by letters", "…", [("no hit by letters", False)]),
        ("a+b (c)", "(c", [("a+b ", False), ("(c", True), (")", False)]),
        (
            "word " * 30 + "parcel " + "tail " * 40,
            "PARC",
            [("… ", False), ("word ", False), ("parcel", True), (" tail", False), (" …", False)],
        ),
    ],
)
def test_an_extract_shows_the_first_hit_and_marks_all(text, q, extract):
    shown = extract_of(text, q)
    assert [hit for _, hit in shown] == [hit for _, hit in extract]
    assert "".join(piece for piece, _ in shown if piece.strip(" …")) in text
    assert [piece for piece, hit in shown if hit] == [piece for piece, hit in extract if hit]


def test_what_is_too_old_for_the_newest_is_found_by_the_index(world, people, monkeypatch):
    monkeypatch.setattr(search, "NEWEST_LOOKED_AT", 1)
    kept = Message.objects.get(chat=people[0])
    customer_writes(people[1], "Nothing of the kind")
    assert [hit.row.pk for hit in text_hits(world.ana, "parcel")] == [kept.pk]


def test_members_find_their_notes_beside_the_messages(world, people, api, as_member, client):
    carla, dora, _ = people
    message = Message.objects.get(chat=carla)
    note = write_note(actor=world.ben, chat=dora, client_id="n-1", text="Her parcél went to Genève by mistake")
    gone = write_note(actor=world.ben, chat=dora, client_id="n-2", text="parcel, a word too much")
    delete_note(actor=world.ben, note=gone)
    write_note(actor=world.zoe, chat=Chat.objects.get(channel=world.zoes_channel), client_id="n-3", text="parcel")

    hits = text_hits(world.ana, "parcel")
    assert [(hit.row.pk, hit.chat.pk, hit.is_note) for hit in hits] == [
        (note.pk, dora.pk, True),
        (message.pk, carla.pk, False),
    ]
    assert ("parcél", True) in hits[0].extract
    assert [hit.row.pk for hit in text_hits(world.ana, "parcel", limit=1)] == [note.pk]
    assert {hit.chat.channel_id for hit in text_hits(world.zoe, "parcel")} == {world.zoes_channel.pk}

    client.force_login(world.vic.user)
    rows = client.get(reverse("inbox:chat-rows", args=["acme"]), {"q": "geneve"}, headers={"HX-Request": "true"})
    assert f'/{dora.pk}/?at={note.pk}"' in rows.content.decode()
    assert "<mark>Genève</mark>" in rows.content.decode()
    assert client.get(reverse("inbox:chat-detail", args=["acme", dora.pk]), {"at": note.pk}).status_code == 200

    assert found(as_member(world.ben), "geneve") == ["Dora O'Neill"]
    assert found(api, "geneve") == [], "a program is no member of the team"


def test_a_note_on_a_kept_channel_is_found_by_its_team_only(world):
    chat = make_chat(make_channel(world.acme, "Legal", "+15550100101"), "Secret Client")
    write_note(actor=world.ana, chat=chat, client_id="n-1", text="Confidential")
    keep_for_teams(actor=world.adam, channel=chat.channel, team_ids=[create_team(actor=world.adam, name="Law").pk])
    assert len(text_hits(world.ana, "confidential")) == 1
    assert text_hits(world.ben, "confidential") == []


def test_an_endless_text_can_be_stored_and_found_by_its_beginning(world, people):
    endless = customer_writes(people[0], "overture " + " ".join(f"word{number}" for number in range(300_000)))
    assert [hit.row.pk for hit in text_hits(world.ana, "overture")] == [endless.pk]


def test_a_search_asks_the_same_for_many_hits(world, people):
    few = queries_of(lambda: text_hits(world.ana, "parcel"))
    for _ in range(20):
        customer_writes(people[0], "parcel")
    with at_most(len(few)):
        assert len(text_hits(world.ana, "parcel")) == 20


# --- People -----------------------------------------------------------------------------------------------------------


def test_people_are_listed_found_and_named_by_their_own_workspace(api, zoes_api, as_member, world, people):
    answer = api.get("/api/v1/contacts").json()
    assert [one["name"] for one in answer["results"]] == ["Dora O'Neill", "Carla Peña"]
    found = api.get("/api/v1/contacts", {"q": "peña"}).json()["results"]
    assert [one["wa_ids"] for one in found] == [["15550109001@s.whatsapp.net"]]
    assert found[0]["phone_numbers"] == ["+15550109001"]
    assert len(api.get("/api/v1/contacts", {"q": "9002"}).json()["results"]) == 1

    url = f"/api/v1/contacts/{found[0]['id']}"
    assert zoes_api.get(url).json() == zoes_api.get(f"/api/v1/contacts/{uuid.uuid4()}").json()
    assert zoes_api.patch(url, {"name": "Mine"}, format="json").status_code == 404
    assert as_member(world.vic).patch(url, {"name": "Mine"}, format="json").status_code == 403
    changed = api.patch(url, {"name": "Carla P.", "notes": "Prefers e-mail."}, format="json")
    assert (changed.status_code, changed.json()["name"], changed.json()["notes"]) == (
        200,
        "Carla P.",
        "Prefers e-mail.",
    )
    assert api.patch(url, {"name": "x" * 201}, format="json").status_code == 400
    assert api.get(url).json()["name"] == "Carla P."


def test_pages_of_people_follow_one_another(api, world):
    for index in range(5):
        Contact.objects.create(workspace=world.acme, name=f"Person {index}")
    first = api.get("/api/v1/contacts", {"limit": 3}).json()
    second = api.get("/api/v1/contacts", {"limit": 3, "cursor": first["next"]}).json()
    assert [one["name"] for one in first["results"] + second["results"]] == [f"Person {i}" for i in (4, 3, 2, 1, 0)]
    assert second["next"] is None


def test_forty_people_ask_no_more_than_two(api, world):
    make_chat(world.channel)
    api.get("/api/v1/contacts")
    two = queries_of(lambda: api.get("/api/v1/contacts"))
    for _ in range(39):
        make_chat(world.channel)
    assert len(queries_of(lambda: api.get("/api/v1/contacts"))) == len(two) <= 3
