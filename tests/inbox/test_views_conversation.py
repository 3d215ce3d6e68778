"""A conversation as members see it: kinds of messages, who may write, what a person can do, and who finds nothing."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.models import Attachment, Chat, Message
from outbox.models import Item
from outbox.services.operating import close_lane, hold_lane, pause_lane
from tests.support.chats import customer_writes, fact, write
from tests.support.query_budget import at_most
from workspaces.models import Member

DOOR = 3  # session, user, member
FRAGMENT = {"HX-Request": "true"}


def browser_of(member: Member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


def conversation(member: Member, chat: Chat, **query: str) -> str:
    response = browser_of(member).get(reverse("inbox:chat-detail", args=["acme", chat.pk]), query, headers=FRAGMENT)
    assert response.status_code == 200
    return response.content.decode()


def send(member: Member, chat: Chat, **fields: str):
    return browser_of(member).post(
        reverse("inbox:message-list", args=["acme", chat.pk]), {"client_id": "c-1", **fields}, headers=FRAGMENT
    )


def deed(member: Member, message: Message, name: str):
    return browser_of(member).post(reverse(f"inbox:message-{name}", args=["acme", message.pk]), headers=FRAGMENT)


def test_every_kind_of_message_is_drawn(world, chat):
    customer_writes(chat, "Look: https://example.com/a_b", extra={"forwarded": True})
    customer_writes(chat, "", type="location", location={"latitude": 1.5, "longitude": 2, "name": "Sample Square"})
    customer_writes(chat, "", type="contacts", contacts=[{"name": "Dr Placeholder", "phones": ["+1 555 0100"]}])
    poll = {"question": "When?", "options": [{"text": "Monday", "votes": 2}], "multiple": False}
    customer_writes(chat, "", type="poll", poll=poll)
    customer_writes(chat, "Yes", type="interactive", button={"id": "1", "title": "Confirm", "payload": None})
    customer_writes(chat, "Carla changed her number", type="system")
    customer_writes(chat, "", type="unsupported")
    customer_writes(chat, "", type="call")
    customer_writes(chat, "Gone", deleted_at=timezone.now())
    customer_writes(chat, "New words", edited_at=timezone.now())
    liked = customer_writes(chat, "Liked")
    fact(world.channel, liked.wa_message_id, "reaction", "x", value={"emoji": "👍"}, actor_name="Carla")
    page = conversation(world.ana, chat)
    for words in (
        'href="https://example.com/a_b"',
        "Forwarded",
        "Sample Square",
        "Dr Placeholder",
        "Monday",
        "2 votes",
        "Confirm",
        "changed her number",
        "cannot be shown",
        "This message was deleted",
        "edited",
        "👍",
    ):
        assert words in page, words
    assert "Gone" not in page


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("pending", "Waiting to be sent"),
        ("sent", "Sent"),
        ("delivered", "Delivered"),
        ("read", "Read"),
        ("failed", "The gateway was down."),
        ("uncertain", "May have been sent"),
        ("cancelled", "Cancelled"),
    ],
)
def test_every_status_has_a_form_and_a_word(world, chat, status, words):
    message = write(world.ana, chat)
    Message.objects.filter(pk=message.pk).update(status=status, error_detail="The gateway was down.")
    page = conversation(world.ana, chat)
    assert words in page
    assert ('data-deed="retry"' in page) is (status in {"failed", "uncertain"})
    assert ('data-deed="mark-sent"' in page) is (status == "uncertain")


def test_names_and_texts_cannot_carry_markup(world, chat):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    chat.contact.name = evil
    chat.contact.save()
    customer_writes(chat, evil)
    customer_writes(chat, "", type="location", location={"latitude": '1"><script>', "longitude": 2, "name": evil})
    customer_writes(chat, "", type="contacts", contacts=[{"name": evil, "phones": [evil]}])
    page = conversation(world.ana, chat)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "javascript:" not in conversation(world.ana, chat).lower()


def test_writing_answers_with_the_pending_message_and_leaves_one_item(world, chat):
    answer = send(world.ben, chat, text="Good\r\nmorning\x00")
    assert answer.status_code == 202
    assert 'data-client-id="c-1"' in answer.content.decode()
    again = send(world.ben, chat, text="Good\nmorning")
    assert again.status_code == 202
    message = Message.objects.get(chat=chat)
    assert message.text == "Good\nmorning"
    assert Item.objects.filter(subject_id=message.pk).count() == 1


def test_refusals_are_one_sentence_with_their_status(world, chat):
    assert send(world.ben, chat, text=" ").status_code == 400
    assert send(world.ben, chat, text="x" * 65_537).content.decode().startswith("A message holds at most 65,536")
    assert send(world.ben, chat, text="a").status_code == 202
    assert send(world.ben, chat, text="b").status_code == 409
    assert send(world.ben, chat, text="c", client_id="c-2", quoted="nonsense").status_code == 400
    Chat.objects.filter(pk=chat.pk).update(read_only=True, read_only_reason="Only admins of this group can write.")
    assert send(world.ben, chat, text="d", client_id="c-3").content.decode() == "Only admins of this group can write."


def test_a_viewer_reads_but_has_no_composer_and_no_buttons(world, chat):
    customer_writes(chat, "Hello")
    page = conversation(world.vic, chat)
    assert "Hello" in page
    assert "You can read, not write." in page
    assert "<textarea" not in page
    assert send(world.vic, chat, text="No").status_code == 403
    assert not Message.objects.filter(direction="outbound").exists()


def test_a_read_only_group_says_why(world, chat):
    Chat.objects.filter(pk=chat.pk).update(read_only=True, read_only_reason="Our number left the group.")
    page = conversation(world.ana, chat)
    assert "Our number left the group." in page
    assert 'data-only="note" hidden' in page, "a note can still be left"
    assert send(world.ana, chat, text="No").status_code == 409


def test_a_channel_that_cannot_send_says_so_in_place(world, chat):
    pause_lane(lane_id=world.channel.pk, reason="Lunch.")
    assert "Shop is paused.</b> Lunch." in conversation(world.ana, chat)
    world.channel.status = "logged_out"
    world.channel.save()
    page = conversation(world.ana, chat)
    assert "Shop is logged out" in page
    assert "<textarea" in page, "what is written waits in the outbox"


def test_a_throttled_channel_counts_down(world, chat):
    hold_lane(lane_id=world.channel.pk, seconds=60, reason="Too many messages at once.")
    page = conversation(world.ana, chat)
    assert "Too many messages at once." in page
    assert 'data-as="left"' in page
    close_lane(lane_id=world.channel.pk, reason="later")


def test_pages_of_messages_go_back_and_catch_up(world, chat):
    messages = [customer_writes(chat, f"Number {n}") for n in range(60)]
    page = conversation(world.ana, chat)
    assert "Number 59" in page
    assert "Number 9<" not in page
    older = page.split('data-older="')[1].split('"')[0]
    browser = browser_of(world.ana)
    address = reverse("inbox:message-list", args=["acme", chat.pk])
    back = browser.get(address, {"older": older}, headers=FRAGMENT)
    assert "Number 9<" in back.content.decode()
    assert "X-Older" not in back
    caught_up = browser.get(address, {"from": str(messages[57].pk)}, headers=FRAGMENT).content.decode()
    assert caught_up.count("<li") == 3
    around = conversation(world.ana, chat, at=str(messages[5].pk))
    assert "Number 5<" in around
    assert 'data-newer=""' not in around


@pytest.mark.parametrize("count", [2, 40])
def test_opening_a_chat_takes_at_most_six_queries_beyond_the_door(world, chat, count):
    for number in range(count):
        first = customer_writes(chat, f"Number {number}")
        write(world.ana, chat, "Answer", quoted_id=first.pk)
    browser = browser_of(world.ana)
    address = reverse("inbox:chat-detail", args=["acme", chat.pk])
    browser.get(address, headers=FRAGMENT)
    with at_most(DOOR + 6):
        browser.get(address, headers=FRAGMENT)


def test_a_pending_message_can_be_cancelled_and_its_timeline_tells(world, chat):
    message = write(world.ana, chat)
    answer = deed(world.ana, message, "cancel")
    assert answer.status_code == 200
    assert 'data-status="cancelled"' in answer.content.decode()
    timeline = browser_of(world.ana).get(reverse("inbox:message-timeline", args=["acme", message.pk])).content.decode()
    assert "Ana Example cancelled it." in timeline
    assert deed(world.ana, message, "cancel").status_code == 409
    assert deed(world.vic, message, "retry").status_code in {403, 409}


def test_reading_and_assigning(world, chat):
    customer_writes(chat, "Hello")
    browser = browser_of(world.ben)
    assert browser.post(reverse("inbox:chat-read", args=["acme", chat.pk])).status_code == 204
    address = reverse("inbox:chat-assign", args=["acme", chat.pk])
    answer = browser.post(address, {"member": str(world.ben.pk)}, headers={"HX-Request": "true"}).content.decode()
    assert f'data-assignee="{world.ben.pk}"' in answer
    assert "Assigned to Ben Demo." in answer
    chat.refresh_from_db()
    assert chat.assigned_to == world.ben
    assert browser.post(address, {"member": str(world.zoe.pk)}).status_code == 404
    browser.post(address, {"member": ""})
    chat.refresh_from_db()
    assert chat.assigned_to is None


def upload(member: Member, name: str, content: bytes, mime_type: str):
    file = SimpleUploadedFile(name, content, content_type=mime_type)
    return browser_of(member).post(reverse("inbox:attachment-upload", args=["acme"]), {"file": file})


def test_a_photo_is_uploaded_sent_and_shown_to_the_team_only(world, chat):
    content = b"\x89PNG\r\n\x1a\n fake"
    attachment_id = upload(world.ben, "desk.png", content, "image/png").json()["id"]
    answer = send(world.ben, chat, text="This one", attachment=attachment_id).content.decode()
    address = reverse("inbox:attachment-file", args=["acme", attachment_id])
    assert f'<img src="{address}small/"' in answer
    assert f'href="{address}" data-lightbox' in answer
    shown = browser_of(world.ana).get(address)
    assert b"".join(shown.streaming_content) == content
    assert shown["Content-Type"] == "image/png"
    assert browser_of(world.zoe).get(address).status_code == 404
    assert browser_of(world.zoe).get(reverse("inbox:attachment-file", args=["zoes", attachment_id])).status_code == 404


def test_a_file_that_could_carry_script_is_only_ever_downloaded(world):
    attachment_id = upload(world.ben, "x.svg", b"<svg onload=alert(1)>", "image/svg+xml").json()["id"]
    given = browser_of(world.ben).get(reverse("inbox:attachment-file", args=["acme", attachment_id]))
    assert given["Content-Type"] == "application/octet-stream"
    assert given["Content-Disposition"].startswith("attachment")
    assert given["X-Content-Type-Options"] == "nosniff"
    assert b"".join(given.streaming_content) == b"<svg onload=alert(1)>"


def test_uploads_are_refused_in_words(world, settings):
    settings.MEDIA_LIMIT_BYTES = 10
    assert upload(world.ben, "big.bin", b"x" * 11, "").status_code == 413
    assert upload(world.vic, "a.txt", b"x", "text/plain").status_code == 403
    assert browser_of(world.ben).post(reverse("inbox:attachment-upload", args=["acme"])).status_code == 400
    assert not Attachment.objects.exists()


def test_zoe_finds_no_door_into_acmes_chat(world, chat):
    message = write(world.ana, chat)
    outside = browser_of(world.zoe)
    for name in ("chat-detail", "message-list", "chat-standing", "chat-info"):
        for slug in ("acme", "zoes"):
            assert outside.get(reverse(f"inbox:{name}", args=[slug, chat.pk])).status_code == 404
    for name in ("message-list", "chat-read", "chat-assign"):
        assert outside.post(reverse(f"inbox:{name}", args=["zoes", chat.pk]), {"text": "x"}).status_code == 404
    assert outside.get(reverse("inbox:message-timeline", args=["zoes", message.pk])).status_code == 404
    for name in ("message-retry", "message-cancel", "message-mark-sent", "message-react"):
        assert outside.post(reverse(f"inbox:{name}", args=["zoes", message.pk])).status_code == 404
    assert outside.get(reverse("inbox:chat-detail", args=["zoes", uuid.uuid4()])).status_code == 404


def test_only_a_second_pane_may_be_framed_and_only_by_our_own_pages(world, chat):
    browser = browser_of(world.ana)
    address = reverse("inbox:chat-detail", args=["acme", chat.pk])
    alone, pane = browser.get(address), browser.get(address, {"pane": "1"})
    assert alone["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in alone["Content-Security-Policy"]
    assert pane["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in pane["Content-Security-Policy"]
    assert 'class="inbox pane"' in pane.content.decode()
    assert browser_of(world.zoe).get(address, {"pane": "1"}).status_code == 404
