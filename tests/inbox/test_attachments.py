"""Files: uploads with a limit, downloads with a range, files of customers brought from the provider."""

import uuid
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from rest_framework.test import APIClient

from channels_app.providers.base import FetchedMedia
from channels_app.providers.errors import ProviderError
from channels_app.services import gateway
from inbox import policy
from inbox.jobs import MEDIA_FETCH
from inbox.models import Attachment, Message
from inbox.services.attachments import clean_file_name
from kernel.serving import byte_range
from outbox.services.enqueuing import enqueue
from outbox.states import Priority
from tests.support.chats import customer_writes, drain
from tests.support.world import PASSWORD

pytestmark = pytest.mark.django_db

BODY = b"0123456789"
PNG = b"\x89PNG\r\n\x1a\n and so on"


def upload(api, content: bytes = PNG, name: str = "photo.png", mime_type: str = "image/png", **fields):
    file = SimpleUploadedFile(name, content, content_type=mime_type)
    return api.post("/api/v1/attachments", {"file": file, **fields}, format="multipart")


def stored(world, **fields) -> Attachment:
    path = default_storage.save(f"attachments/test/{uuid.uuid4()}", ContentFile(BODY))
    values = {"kind": "image", "mime_type": "image/png", "file_name": "photo.png", "state": "ready", "path": path}
    return Attachment.objects.create(workspace=world.acme, size=len(BODY), **{**values, **fields})


def fetch(api, attachment, **headers):
    return api.get(f"/api/v1/attachments/{attachment.pk}", headers=headers)


def body_of(response) -> bytes:
    return b"".join(response.streaming_content)


def test_an_uploaded_file_comes_back_to_its_workspace_only(api, zoes_api, as_member, world):
    answer = upload(api)
    assert answer.status_code == 201, answer.content
    said = answer.json()
    assert (said["kind"], said["size"], said["state"], said["file_name"]) == ("image", len(PNG), "ready", "photo.png")
    shown = api.get(said["url"])
    assert (shown.status_code, body_of(shown)) == (200, PNG)
    assert body_of(as_member(world.vic).get(said["url"])) == PNG
    missing = zoes_api.get(f"/api/v1/attachments/{uuid.uuid4()}")
    refused = zoes_api.get(said["url"])
    assert (refused.status_code, refused.json()) == (404, missing.json())
    assert APIClient().get(said["url"]).status_code == 401
    assert upload(as_member(world.vic)).status_code == 403
    assert Attachment.objects.count() == 1


def test_a_file_over_the_limit_is_refused_with_the_limit(api, settings):
    settings.MEDIA_LIMIT_BYTES = 9
    answer = upload(api)
    assert answer.status_code == 413
    assert answer.json()["detail"].startswith("The file is larger than 9 bytes")
    assert not Attachment.objects.exists()


def test_a_body_that_announces_too_much_is_not_even_read(api, settings):
    settings.MEDIA_LIMIT_BYTES = 9
    assert upload(api, b"x" * 200_000).status_code == 413


def test_a_file_of_exactly_the_limit_passes(api, settings):
    settings.MEDIA_LIMIT_BYTES = 10
    assert upload(api, BODY).status_code == 201


@pytest.mark.parametrize(
    ("content", "fields", "field"), [(b"", {}, "file"), (BODY, {"kind": "pigeon"}, "kind"), (None, {}, "file")]
)
def test_what_is_no_file_is_refused(api, content, fields, field):
    answer = (
        upload(api, content, **fields)
        if content is not None
        else api.post("/api/v1/attachments", {"a": 1}, format="multipart")
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_a_browsers_upload_needs_its_csrf_token(world):
    browser = APIClient(enforce_csrf_checks=True)
    assert browser.login(username="ben@example.com", password=PASSWORD)
    assert upload(browser).status_code == 403
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("content", "claimed", "kind", "kept"),
    [
        (PNG, "image/png", "image", "image/png"),
        (PNG, "text/html", "image", "image/png"),
        (b"\0\0\0\x18ftypmp42....", "video/mp4", "video", "video/mp4"),
        (b"OggS....", "audio/ogg", "audio", "audio/ogg"),
        (b"%PDF-1.7", "application/pdf", "document", "application/pdf"),
        (b"<svg onload=alert(1)>", "image/svg+xml", "document", "image/svg+xml"),
        (b"<svg onload=alert(1)>", "image/png", "document", "application/octet-stream"),
        (b"<script>alert(1)</script>", "text/html", "document", "text/html"),
        (BODY, "nonsense", "document", "application/octet-stream"),
    ],
)
def test_the_bytes_decide_how_a_file_is_sent(api, content, claimed, kind, kept):
    said = upload(api, content, mime_type=claimed).json()
    assert (said["kind"], said["mime_type"]) == (kind, kept)


def test_a_picture_too_large_for_the_chat_goes_as_a_document(api, monkeypatch):
    monkeypatch.setitem(policy.KIND_LIMITS_BYTES, "image", 10)
    assert upload(api).json()["kind"] == "document"
    refused = upload(api, kind="image")
    assert (refused.status_code, "as a document" in refused.json()["detail"]) == (413, True)


@pytest.mark.parametrize("mime_type", ["text/html", "image/svg+xml", "application/pdf", "text/xml", "application/x-x"])
def test_what_a_browser_could_run_is_only_ever_a_download(api, world, mime_type):
    answer = fetch(api, stored(world, mime_type=mime_type, file_name="evil.html"))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="evil.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    answer.close()


def test_pictures_show_in_place_unless_a_download_is_wanted(api, world):
    file = stored(world, file_name='qu"ote\nüber.png')
    shown = fetch(api, file)
    assert shown["Content-Type"] == "image/png"
    assert shown["Content-Disposition"].startswith("inline; ")
    assert "\n" not in shown["Content-Disposition"]
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "private" in shown["Cache-Control"]
    saved = api.get(f"/api/v1/attachments/{file.pk}?download=1")
    assert saved["Content-Disposition"].startswith("attachment; ")
    shown.close()
    saved.close()


@pytest.mark.parametrize(
    ("header", "content", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=0-", BODY, "bytes 0-9/10"),
    ],
)
def test_a_player_gets_the_range_that_it_asks_for(api, world, header, content, content_range):
    answer = fetch(api, stored(world), Range=header)
    assert (answer.status_code, body_of(answer), answer["Content-Range"]) == (206, content, content_range)
    assert answer["Content-Length"] == str(len(content))


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(api, world, header):
    answer = fetch(api, stored(world), Range=header)
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */10")


@pytest.mark.parametrize(
    "header", ["bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=" + "9" * 30]
)
def test_what_is_no_single_range_brings_the_whole(api, world, header):
    assert byte_range(header, 10) is None
    answer = fetch(api, stored(world), Range=header)
    assert (answer.status_code, body_of(answer)) == (200, BODY)


def test_a_range_of_another_file_than_before_brings_the_whole(api, world):
    file = stored(world)
    answer = fetch(api, file, Range="bytes=0-3", **{"If-Range": '"other"'})
    assert (answer.status_code, body_of(answer)) == (200, BODY)
    for known in (f'"{file.pk}"', fetch(api, file)["Last-Modified"]):
        same = fetch(api, file, Range="bytes=0-3", **{"If-Range": known})
        assert (same.status_code, body_of(same)) == (206, b"0123")


def test_what_the_browser_has_is_not_sent_again(api, world):
    file = stored(world)
    again = fetch(api, file, **{"If-None-Match": fetch(api, file)["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = fetch(api, file, **{"If-None-Match": '"other"'})
    assert (changed.status_code, body_of(changed)) == (200, BODY)


def test_a_file_that_is_not_there_yet_is_not_there(api, world):
    assert fetch(api, stored(world, state="pending")).status_code == 404
    assert fetch(api, stored(world, path="attachments/lost")).status_code == 404


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("tab\there\x00.txt", "tabhere.txt"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("", ""),
    ],
)
def test_file_names_lose_everything_but_the_name(given, kept):
    assert clean_file_name(given) == kept


# --- From the provider ------------------------------------------------------------------------------------------------


@pytest.fixture
def wanted(world, chat) -> Attachment:
    """A customer's picture that ingestion has asked for."""
    message = customer_writes(chat, "", type="image")
    attachment = Attachment.objects.create(
        workspace=world.acme, message=message, kind="image", mime_type="image/png", provider_media_id="m-1"
    )
    with transaction.atomic():
        enqueue(
            workspace_id=world.acme.pk,
            lane_id=world.channel.pk,
            order_key=attachment.pk,
            kind=MEDIA_FETCH,
            payload={"attachment_id": str(attachment.pk)},
            priority=Priority.SYSTEM,
        )
    return attachment


def test_a_customers_file_is_brought_and_shown(api, world, wanted, monkeypatch):
    def bring(channel_id, media, path, *, limit_bytes, deadline):
        assert (channel_id, media.provider_media_id) == (world.channel.pk, "m-1")
        Path(path).write_bytes(BODY)
        return FetchedMedia(mime_type="image/jpeg", size=len(BODY))

    monkeypatch.setattr(gateway, "fetch_media", bring)
    drain()
    wanted.refresh_from_db()
    assert (wanted.state, wanted.size, wanted.mime_type) == ("ready", 10, "image/png")
    assert body_of(fetch(api, wanted)) == BODY
    assert Message.objects.get(pk=wanted.message_id).version == 2


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ProviderError("media_gone", "The file is no longer kept.", permanent=True), "expired"),
        (ProviderError("too_large", "The file is larger than the limit.", permanent=True), "failed"),
    ],
)
def test_a_file_that_cannot_be_brought_says_why(api, wanted, monkeypatch, error, state):
    def refuse(*arguments, **options):
        raise error

    monkeypatch.setattr(gateway, "fetch_media", refuse)
    drain()
    wanted.refresh_from_db()
    assert (wanted.state, wanted.state_detail) == (state, error.detail)
    assert fetch(api, wanted).status_code == 404
