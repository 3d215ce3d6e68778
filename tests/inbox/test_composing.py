"""Writing with others around: drafts on every device, the guard, quick replies, who else is here."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.models import Message, QuickReply, TextDraft
from inbox.selectors.quick_replies import filled, quick_replies_for
from inbox.services.drafts import save_draft
from tests.support.chats import customer_writes, make_chat, write
from tests.support.sockets import inbox_of

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


def send(member, chat, **fields):
    address = reverse("inbox:message-list", args=["acme", chat.pk])
    return browser_of(member).post(address, {"client_id": "c-1", "text": "Mine", **fields}, headers=FRAGMENT)


def keep(member, chat, text, **fields):
    address = reverse("inbox:draft-save", args=["acme", chat.pk])
    return browser_of(member).post(address, {"text": text, **fields}, headers=FRAGMENT)


def conversation(member, chat) -> str:
    return (
        browser_of(member).get(reverse("inbox:chat-detail", args=["acme", chat.pk]), headers=FRAGMENT).content.decode()
    )


# --- Drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_is_there_on_another_device_and_nobody_elses(world, chat):
    first = customer_writes(chat, "Which colour?")
    assert keep(world.ben, chat, "Half a sent\x00ence", quoted=str(first.pk)).status_code == 204
    page = conversation(world.ben, chat)
    assert ">Half a sentence</textarea>" in page
    assert f'data-quoted="{first.pk}"' in page
    assert 'data-quoted-text="Which colour?"' in page
    assert "Half a sent" not in conversation(world.ana, chat)
    assert keep(world.vic, chat, "No").status_code == 403
    assert keep(world.zoe, chat, "No").status_code == 404


def test_the_last_writer_wins_and_an_empty_text_forgets(world, chat):
    keep(world.ben, chat, "One")
    keep(world.ben, chat, "Two", as_note="1")
    draft = TextDraft.objects.get()
    assert (draft.text, draft.as_note) == ("Two", True)
    keep(world.ben, chat, " ")
    assert not TextDraft.objects.exists()
    assert keep(world.ben, chat, "x" * 65_537).status_code == 400
    assert keep(world.ben, chat, "x", quoted="nonsense").status_code == 400
    elsewhere = customer_writes(make_chat(world.channel))
    keep(world.ben, chat, "x", quoted=str(elsewhere.pk))
    assert TextDraft.objects.get().quoted_id is None


def test_sending_clears_the_draft_but_not_what_was_typed_since(world, chat):
    keep(world.ben, chat, "Mine")
    keep(world.ana, chat, "Hers")
    send(world.ben, chat)
    assert [draft.text for draft in TextDraft.objects.all()] == ["Hers"]
    save_draft(actor=world.ben, chat=chat, text="The next one")
    send(world.ben, chat, client_id="c-2", text="The one before")
    assert TextDraft.objects.filter(member=world.ben, text="The next one").exists()


# --- The guard --------------------------------------------------------------------------------------------------------


def test_a_message_is_held_back_when_the_customer_wrote_meanwhile(world, chat):
    seen = customer_writes(chat, "Hello")
    customer_writes(chat, "Forget it, <b>thanks</b>")
    answer = send(world.ben, chat, seen=str(seen.pk))
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Carla Customer" in page
    assert "Forget it, &lt;b&gt;thanks" in page
    assert not Message.objects.filter(direction="outbound").exists()
    assert send(world.ben, chat, seen="ffffffff-ffff-ffff-ffff-ffffffffffff").status_code == 400
    assert send(world.ben, chat, seen="nonsense").status_code == 400
    assert send(world.ben, chat).status_code == 202, "without `seen` it is sent all the same"


def test_a_colleagues_answer_holds_it_back_my_own_does_not(world, chat):
    seen = customer_writes(chat, "Hello")
    write(world.ben, chat, "Mine from another tab")
    assert send(world.ben, chat, seen=str(seen.pk)).status_code == 202
    write(world.ana, chat, "Ana was quicker")
    answer = send(world.ben, chat, client_id="c-2", seen=str(seen.pk))
    assert answer.status_code == 409
    assert "Ana Example" in answer.content.decode()


def test_a_colleagues_message_that_can_still_be_undone_counts_a_scheduled_one_does_not(world, chat):
    seen = customer_writes(chat, "Hello")
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    send(world.ana, chat, client_id="c-8", text="Tomorrow", due_at=tomorrow)
    assert send(world.ben, chat, client_id="c-1", seen=str(seen.pk)).status_code == 202
    send(world.ana, chat, client_id="c-9", text="In five seconds")
    assert send(world.ben, chat, client_id="c-2", seen=str(seen.pk)).status_code == 409


def test_a_repeat_of_what_was_sent_is_no_question(world, chat):
    seen = customer_writes(chat, "Hello")
    assert send(world.ben, chat, seen=str(seen.pk)).status_code == 202
    customer_writes(chat, "Later")
    assert send(world.ben, chat, seen=str(seen.pk)).status_code == 202
    assert Message.objects.filter(direction="outbound").count() == 1


# --- Quick replies ----------------------------------------------------------------------------------------------------


def test_quick_replies_are_filled_for_the_chat_and_name_what_is_missing(world, chat):
    QuickReply.objects.create(
        workspace=world.acme, shortcut="hi", text="Hello {{first_name}}, {{ AGENT }} here: {{order}}"
    )
    QuickReply.objects.create(workspace=world.zoes, shortcut="secret", text="Zoe's")
    [reply] = quick_replies_for(world.ben, chat)
    assert reply.text == "Hello Carla, Ben Demo here: {{order}}"
    assert reply.missing == ["{{order}}"]
    address = reverse("inbox:quick-reply-picker", args=["acme", chat.pk])
    page = browser_of(world.ben).get(address, headers=FRAGMENT).content.decode()
    assert 'data-text="Hello Carla, Ben Demo here: {{order}}"' in page
    assert '<mark class="missing">{{order}}</mark>' in page
    assert "secret" not in page
    assert browser_of(world.zoe).get(address, headers=FRAGMENT).status_code == 404


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ()),
        ("plain", (("plain", ""),)),
        ("{{a}}{{b}}", (("1", "filled"), ("{{b}}", "missing"))),
        ("{{ a }}!", (("1", "filled"), ("!", ""))),
        ("{a} {{}} }}{{", (("{a} {{}} }}{{", ""),)),
    ],
)
def test_variables_are_filled(text, pieces):
    assert filled(text, {"a": "1", "b": ""}) == pieces


def test_a_group_has_no_persons_name(world, chat):
    chat.kind = "group"
    QuickReply.objects.create(workspace=world.acme, shortcut="hi", text="Hello {{name}} from {{channel}}")
    [reply] = quick_replies_for(world.ben, chat)
    assert reply.text == "Hello {{name}} from Shop"


def test_the_pickers_of_emoji_and_members(world):
    emoji = browser_of(world.ben).get(reverse("inbox:emoji-picker", args=["acme"])).content.decode()
    assert 'title="thumbs up sign yes ok like"' in emoji
    people = browser_of(world.ben).get(reverse("inbox:mention-picker", args=["acme"])).content.decode()
    assert 'data-text="@Adam Sample "' in people
    assert "Zoe" not in people
    assert browser_of(world.zoe).get(reverse("inbox:mention-picker", args=["acme"])).status_code == 404


# --- Company ----------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_two_in_a_chat_know_of_each_other_and_see_who_types(world, chat):
    async with inbox_of(world.ana) as ana:
        await ana.opens(chat.pk)
        async with inbox_of(world.ben) as ben:
            await ben.opens(chat.pk)
            came = await ana.hears("company", member=str(world.ben.pk))
            assert (came["state"], came["name"], came["initials"]) == ("views", "Ben Demo", "BD")
            assert (await ben.hears("company", member=str(world.ana.pk)))["state"] == "views"
            await ben.wire.send_json_to({"type": "typing", "on": True})
            await ana.hears("company", member=str(world.ben.pk), state="types")
            await ben.wire.send_json_to({"type": "typing", "on": False})
            await ana.hears("company", member=str(world.ben.pk), state="views")
            async with inbox_of(world.ben) as other_tab:
                await other_tab.opens(chat.pk)
                await ana.hears("company", member=str(world.ben.pk))
            await ana.hears_nothing("company")
        await ana.hears("company", member=str(world.ben.pk), state="left")


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_nobody_outside_hears_who_is_in_a_chat(world, chat):
    other = await sync_to_async(make_chat)(world.channel)
    async with inbox_of(world.ana) as ana, inbox_of(world.zoe) as zoe, inbox_of(world.ben) as ben:
        await ana.opens(other.pk)
        assert (await zoe.opens(chat.pk))["type"] == "no-chat"
        await ben.opens(chat.pk)
        await ben.wire.send_json_to({"type": "typing", "on": True})
        await ana.hears_nothing("company")
        await zoe.hears_nothing("company")
