"""Private notes: the team writes to itself among the messages, names people, and nothing of it ever leaves."""

import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.models import Mention, Message, Note
from inbox.selectors.threads import drawn, thread_from, thread_page
from inbox.services.notes import mentioned_in, write_note
from inbox.services.reading import mark_read
from outbox.models import Item
from tests.support.chats import customer_writes, write
from tests.support.query_budget import at_most
from tests.support.sockets import inbox_of
from tests.support.world import make_member
from workspaces.selectors.people import members_of

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


def note(member, chat, text="For us only", **fields):
    address = reverse("inbox:note-create", args=["acme", chat.pk])
    return browser_of(member).post(address, {"client_id": str(uuid.uuid4()), "text": text, **fields}, headers=FRAGMENT)


def act(member, one: Note, deed: str, **fields):
    return browser_of(member).post(reverse(f"inbox:note-{deed}", args=["acme", one.pk]), fields, headers=FRAGMENT)


def conversation(member, chat) -> str:
    return (
        browser_of(member).get(reverse("inbox:chat-detail", args=["acme", chat.pk]), headers=FRAGMENT).content.decode()
    )


def test_ben_leaves_a_note_that_stands_among_the_messages(world, chat):
    customer_writes(chat, "First", at=timezone.now() - timedelta(minutes=2))
    answer = note(world.ben, chat, "Second, <b>for us</b>")
    assert answer.status_code == 201
    customer_writes(chat, "Third", at=timezone.now() + timedelta(seconds=5))
    page = conversation(world.vic, chat)
    assert "only your team sees this" in page
    assert page.index("First") < page.index("Second, &lt;b&gt;") < page.index("Third")
    assert note(world.vic, chat).status_code == 403
    assert note(world.zoe, chat).status_code == 404


def test_a_note_can_never_reach_the_outbox(world, chat, provider):
    before = Message.objects.count()
    for text in ("Do not send this", "@Ana nor this"):
        assert note(world.ben, chat, text).status_code == 201
    one = Note.objects.first()
    act(world.ben, one, "edit", text="Nor the change")
    act(world.ben, one, "delete")
    assert Item.objects.count() == 0
    assert Message.objects.count() == before
    columns = {field.related_model for field in Item._meta.get_fields() if field.is_relation}
    assert Note not in columns


def test_the_same_note_twice_is_one(world, chat):
    assert note(world.ben, chat, client_id="n-1").status_code == 201
    assert note(world.ben, chat, client_id="n-1").status_code == 201
    assert Note.objects.count() == 1


def test_empty_and_endless_notes_are_refused(world, chat):
    assert note(world.ben, chat, "  ").status_code == 400
    assert note(world.ben, chat, "x" * 65_537).status_code == 400
    assert note(world.ben, chat, "with a \x00 in it").status_code == 201


def test_only_the_author_changes_a_note_and_a_deleted_one_keeps_no_text(world, chat):
    note(world.ben, chat, "Old words")
    one = Note.objects.get()
    assert act(world.ana, one, "edit", text="Mine now").status_code == 403
    assert act(world.ana, one, "delete").status_code == 403
    assert act(world.zoe, one, "edit", text="Hers").status_code == 404
    assert "edited" in act(world.ben, one, "edit", text="New words").content.decode()
    page = act(world.ben, one, "delete").content.decode()
    assert "This note was deleted" in page
    assert Note.objects.get().text == ""
    assert act(world.ben, one, "edit", text="Again").status_code == 409


def test_named_members_are_told_and_read_it_by_opening_the_chat(world, chat):
    note(world.ben, chat, "@Ana Example and @adam, not @Zoe Outsider nor @Vicky: look please")
    named = set(Mention.objects.values_list("member__user__name", flat=True))
    assert named == {"Ana Example", "Adam Sample"}
    assert '<b class="at">@Ana Example</b>' in conversation(world.vic, chat)
    mark_read(actor=world.ana, chat=chat)
    assert set(Mention.objects.filter(read_at=None).values_list("member", flat=True)) == {world.adam.pk}
    one = Note.objects.get()
    act(world.ben, one, "edit", text="Only @Vic Viewer now")
    assert [mention.member_id for mention in Mention.objects.all()] == [world.vic.pk]
    assert not Mention.objects.filter(read_at=None).exists(), "a viewer has nothing to mark as read"


def test_the_longest_name_wins_and_a_shared_first_name_means_nobody(world):
    make_member(world.acme, "Anabel Exemplar", "agent")
    other = make_member(world.acme, "Other", "agent").user
    other.name = "Ben Other"
    other.save()
    members = list(members_of(world.acme))

    def names(text):
        return [one.user.name for one in mentioned_in(text, members)]

    assert names("@Ana Example") == ["Ana Example"]
    assert names("@ben please") == []
    assert names("@Ben Demo please") == ["Ben Demo"]
    assert names("mail@ana.example") == ["Ana Example"], "an address that names somebody is no harm"
    assert names("nobody") == []


def test_pages_of_messages_and_notes_miss_none_of_either(world, chat):
    start = timezone.now() - timedelta(hours=1)
    expected = []
    for number in range(30):
        at = start + timedelta(minutes=number)
        if number % 3:
            expected.append(customer_writes(chat, f"m{number}", at=at).pk)
        else:
            one = write_note(actor=world.ben, chat=chat, client_id=f"n{number}", text=f"n{number}")
            Note.objects.filter(pk=one.pk).update(created_at=at)
            expected.append(one.pk)
    back, cursor = [], None
    while True:
        page = thread_page(chat, cursor=cursor, limit=7)
        back += [row.pk for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert back[::-1] == expected
    around = thread_page(chat, limit=10, around=Note.objects.get(client_id="n15"))
    assert [row.pk for row in around.rows][::-1] == expected[10:21]
    assert [row.pk for row in thread_from(chat, expected[12])] == expected[12:]
    with at_most(4):
        drawn(thread_page(chat, limit=50).rows)


def test_programs_write_and_read_notes_too(world, chat, api, zoes_api):
    address = f"/api/v1/chats/{chat.pk}/notes"
    made = api.post(address, {"client_id": "n-1", "text": "@Ana Example from a program"}, format="json")
    assert made.status_code == 201
    assert made.json()["mentions"] == ["Ana Example"]
    assert [one["id"] for one in api.get(address).json()["results"]] == [made.json()["id"]]
    assert api.patch(f"/api/v1/notes/{made.json()['id']}", {"text": "x"}, format="json").status_code == 403
    assert zoes_api.get(address).status_code == 404
    assert zoes_api.delete(f"/api/v1/notes/{made.json()['id']}").status_code == 404


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_note_appears_in_open_chats_and_calls_who_is_named(world, chat):
    async with inbox_of(world.ana) as ana, inbox_of(world.adam) as adam, inbox_of(world.zoe) as zoe:
        await ana.opens(chat.pk)
        one = await sync_to_async(write_note)(actor=world.ben, chat=chat, client_id="n-1", text="@Adam Sample look")
        frame = await ana.hears("message", id=str(one.pk))
        assert 'class="message note"' in frame["html"]
        assert await adam.hears("mention", chat=str(chat.pk), note=str(one.pk))
        await zoe.hears_nothing()


def test_a_reply_by_a_customer_is_no_note(world, chat):
    write(world.ben, chat, "Really sent")
    assert Item.objects.count() == 1
