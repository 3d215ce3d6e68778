"""Files on their way in: in parts, as recordings, and once more from the provider; and the small pictures of them."""

import io
import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from inbox.models import Attachment
from inbox.services import thumbnails
from inbox.services.uploading import UNUSED_DAYS, forget_uploads
from kernel.clock import now
from outbox.models import Item
from tests.inbox.test_attachments import PNG
from tests.kernel.test_opus import PACKET, webm
from tests.support.chats import customer_writes
from tests.support.world import PASSWORD
from workspaces.models import Member

pytestmark = pytest.mark.django_db

WHOLE = PNG + bytes(range(256)) * 4


def browser_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def send_part(member: Member, content: bytes, upload_id: str = "", *, offset: int = 0, total: int = 0, **about):
    name, mime_type = about.pop("name", "desk.png"), about.pop("mime_type", "image/png")
    url = reverse("inbox:attachment-part", args=["acme", upload_id]) if upload_id else _uploads()
    file = SimpleUploadedFile(name, content, content_type="application/octet-stream")
    more = {"file": file, "offset": offset, "total": total or len(content), "mime_type": mime_type, **about}
    return browser_of(member).post(url, more, headers={"HX-Request": "true"})


def _uploads() -> str:
    return reverse("inbox:attachment-upload", args=["acme"])


def content_of(attachment: Attachment) -> bytes:
    with default_storage.open(attachment.path, "rb") as file:
        return file.read()


# --- In parts ---------------------------------------------------------------------------------------------------------


def test_a_file_comes_in_parts_and_is_ready_with_the_last(world, django_capture_on_commit_callbacks):
    begun = send_part(world.ben, WHOLE[:500], total=len(WHOLE)).json()
    assert (begun["received"], begun["ready"]) == (500, False)
    assert send_part(world.ben, WHOLE[500:900], begun["id"], offset=500).json()["received"] == 900
    with django_capture_on_commit_callbacks(execute=True):
        done = send_part(world.ben, WHOLE[900:], begun["id"], offset=900).json()
    assert done == {
        "id": begun["id"],
        "kind": "image",
        "size": len(WHOLE),
        "received": len(WHOLE),
        "ready": True,
        "note": "",
    }
    attachment = Attachment.objects.get()
    assert (attachment.state, attachment.mime_type, content_of(attachment)) == ("ready", "image/png", WHOLE)
    assert not default_storage.exists(f"uploads/{world.acme.pk}/{attachment.pk}")


def test_a_part_that_comes_twice_or_too_early_changes_nothing(world):
    begun = send_part(world.ben, WHOLE[:500], total=len(WHOLE)).json()
    assert send_part(world.ben, WHOLE[:500], begun["id"], offset=0).json()["received"] == 500
    assert send_part(world.ben, WHOLE[900:], begun["id"], offset=900).json()["received"] == 500
    done = send_part(world.ben, WHOLE[500:], begun["id"], offset=500).json()
    assert done["ready"]
    assert send_part(world.ben, WHOLE[500:], begun["id"], offset=500).json() == done
    assert content_of(Attachment.objects.get()) == WHOLE


def test_a_half_file_is_nobodys_and_cannot_be_sent(world, chat):
    begun = send_part(world.ben, WHOLE[:500], total=len(WHOLE)).json()
    file = reverse("inbox:attachment-file", args=["acme", begun["id"]])
    assert browser_of(world.ben).get(file).status_code == 404
    messages = reverse("inbox:message-list", args=["acme", chat.pk])
    refused = browser_of(world.ben).post(messages, {"client_id": "1", "attachment": begun["id"]})
    assert refused.status_code in (400, 404)
    assert send_part(world.ana, WHOLE[500:], begun["id"], offset=500).status_code == 404
    assert send_part(world.zoe, WHOLE[500:], begun["id"], offset=500).status_code == 404
    assert send_part(world.vic, WHOLE).status_code == 403
    assert Attachment.objects.get().state == "pending"


@pytest.mark.parametrize(
    ("content", "how", "status"),
    [
        (b"x" * 10, {"total": 2000}, 413),
        (b"x" * 10, {"offset": "-1", "total": 20}, 400),
        (b"x" * 10, {"total": "many"}, 400),
        (b"", {"total": 0}, 400),
        (b"x" * 10, {"kind": "pigeon"}, 400),
    ],
)
def test_what_cannot_be_a_file_is_refused_in_words(world, settings, content, how, status):
    settings.MEDIA_LIMIT_BYTES = 1000
    refused = send_part(world.ben, content, **how)
    assert (refused.status_code, refused["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert not Attachment.objects.exists()


def test_more_than_was_announced_is_refused(world):
    begun = send_part(world.ben, WHOLE[:500], total=600).json()
    assert send_part(world.ben, b"x" * 101, begun["id"], offset=500).status_code == 400


def test_an_upload_needs_the_token_of_its_page(world):
    browser = Client(enforce_csrf_checks=True)
    assert browser.login(username="ben@example.com", password=PASSWORD)
    assert browser.post(_uploads(), {"file": SimpleUploadedFile("a.txt", b"x")}).status_code == 403
    assert not Attachment.objects.exists()


def test_uploads_that_nobody_sent_are_forgotten(world, chat):
    old = [send_part(world.ben, WHOLE[:500], total=2000).json()["id"], send_part(world.ben, WHOLE).json()["id"]]
    kept = send_part(world.ben, WHOLE).json()["id"]
    sent = send_part(world.ben, WHOLE).json()["id"]
    messages = reverse("inbox:message-list", args=["acme", chat.pk])
    assert browser_of(world.ben).post(messages, {"client_id": "1", "attachment": sent}).status_code == 302
    paths = {str(one.pk): one.path for one in Attachment.objects.all()}
    Attachment.objects.exclude(pk=kept).update(created_at=now() - timedelta(days=UNUSED_DAYS, minutes=1))
    assert forget_uploads() == 2
    assert {str(key) for key in Attachment.objects.values_list("pk", flat=True)} == {kept, sent}
    assert not default_storage.exists(paths[old[1]])
    assert not default_storage.exists(f"uploads/{world.acme.pk}/{old[0]}")
    assert default_storage.exists(paths[sent])


# --- Recordings -------------------------------------------------------------------------------------------------------


def test_a_recording_of_a_browser_becomes_what_whatsapp_plays(world):
    said = send_part(
        world.ben, webm([PACKET] * 150), name="voice.webm", mime_type="audio/webm;codecs=opus", kind="voice"
    ).json()
    assert (said["kind"], said["ready"]) == ("voice", True)
    attachment = Attachment.objects.get()
    assert (attachment.mime_type, attachment.file_name) == ("audio/ogg; codecs=opus", "voice.ogg")
    assert attachment.seconds == 3
    assert content_of(attachment).startswith(b"OggS")


def test_a_recording_without_opus_is_refused_in_words(world):
    broken = webm([PACKET], codec=b"A_VORBIS")
    refused = send_part(world.ben, broken, name="voice.webm", mime_type="audio/webm", kind="voice")
    assert (refused.status_code, b"voice message" in refused.content) == (400, True)
    assert not Attachment.objects.exists()


# --- Small pictures ---------------------------------------------------------------------------------------------------


def picture(form: str = "JPEG", size: tuple[int, int] = (1600, 800), **how) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", size, "#2a7").save(sink, form, **how)
    return sink.getvalue()


def small(member: Member, attachment_id: str):
    return browser_of(member).get(reverse("inbox:attachment-thumbnail", args=["acme", attachment_id]))


def opened(answer) -> Image.Image:
    return Image.open(io.BytesIO(b"".join(answer.streaming_content)))


def test_a_photo_has_a_small_picture_made_once(world, monkeypatch):
    attachment_id = send_part(world.ben, picture()).json()["id"]
    answer = small(world.vic, attachment_id)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert opened(answer).size == (672, 336)
    monkeypatch.setattr(thumbnails, "_drawn", lambda *_: pytest.fail("made again"))
    assert small(world.ben, attachment_id).status_code == 200
    assert small(world.zoe, attachment_id).status_code == 404


def test_a_small_picture_stands_upright_and_does_not_tell_where_it_was_taken(world):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    attachment_id = send_part(world.ben, picture(exif=exif)).json()["id"]
    shown = opened(small(world.ben, attachment_id))
    assert shown.size == (336, 672)
    assert not shown.getexif()


@pytest.mark.parametrize(
    "content",
    [
        PNG,  # no picture behind its first bytes
        picture("GIF", (900, 900)),
        picture("PNG", (5000, 5000)),  # small as a file, large when it is opened
    ],
)
def test_where_no_small_picture_can_be_made_the_picture_itself_is_shown(world, content):
    attachment_id = send_part(world.ben, content).json()["id"]
    answer = small(world.ben, attachment_id)
    file = reverse("inbox:attachment-file", args=["acme", attachment_id])
    assert (answer.status_code, answer["Location"]) == (302, file)
    assert not default_storage.exists(Attachment.objects.get().path + ".small")


# --- Once more from the provider --------------------------------------------------------------------------------------


@pytest.fixture
def lost(world, chat) -> Attachment:
    message = customer_writes(chat, "See the crack", type="image")
    return Attachment.objects.create(
        workspace=world.acme,
        message=message,
        kind="image",
        mime_type="image/png",
        file_name="crack.png",
        provider_media_id="m-1",
        state="expired",
        state_detail="The file is no longer kept.",
    )


def fetch_again(member: Member, attachment: Attachment):
    address = reverse("inbox:attachment-fetch", args=["acme", attachment.pk])
    return browser_of(member).post(address, headers={"HX-Request": "true"})


def test_a_lost_file_never_hides_the_text_and_can_be_asked_for_again(world, chat, lost):
    page = browser_of(world.ben).get(reverse("inbox:chat-detail", args=["acme", chat.pk])).content.decode()
    assert "See the crack" in page
    assert "The file is no longer kept." in page
    assert f'data-fetch="{reverse("inbox:attachment-fetch", args=["acme", lost.pk])}"' in page
    answer = fetch_again(world.ben, lost)
    assert (answer.status_code, b"is being fetched" in answer.content) == (200, True)
    lost.refresh_from_db()
    assert (lost.state, lost.message.version) == ("pending", 2)
    item = Item.objects.get()
    assert (item.kind, item.lane_id, item.payload) == ("media.fetch", world.channel.pk, {"attachment_id": str(lost.pk)})
    assert fetch_again(world.ben, lost).status_code == 409
    assert Item.objects.count() == 1


def test_a_file_that_vanished_from_the_storage_can_be_asked_for_again(world, lost):
    Attachment.objects.update(state="ready", path="attachments/gone")
    lost.refresh_from_db()
    assert fetch_again(world.ben, lost).status_code == 200


def test_what_is_here_or_was_only_ever_ours_is_not_fetched(world, lost):
    here = default_storage.save(f"attachments/test/{uuid.uuid4()}", ContentFile(PNG))
    Attachment.objects.update(state="ready", path=here)
    assert fetch_again(world.ben, lost).status_code == 409
    Attachment.objects.update(state="failed", provider_media_id="")
    assert fetch_again(world.ben, lost).status_code == 409
    assert not Item.objects.exists()


def test_a_viewer_and_an_outsider_fetch_nothing(world, lost):
    assert fetch_again(world.vic, lost).status_code == 403
    assert fetch_again(world.zoe, lost).status_code == 404
