"""Files in a real browser: up, down, large, heard, recorded, lost and found."""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from kernel.opus import ogg_of_webm
from tests.e2e.conftest import Visits
from tests.e2e.test_writing import bubble, open_chat, wait_for_scripts, write
from tests.kernel.test_opus import webm
from tests.support.browser import ARGUMENTS, find_chromium


def picture(colour: str = "#3a7", size: tuple[int, int] = (900, 600)) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", size, colour).save(sink, "JPEG")
    return sink.getvalue()


def choose(page: Page, *files: tuple[str, str, bytes]) -> None:
    payloads = [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
    page.locator(".composer input[type=file]").set_input_files(payloads)


def uploads(page: Page):
    return page.locator(".composer .upload")


def test_photos_are_looked_at_captioned_sent_and_shown_large(visit, customer, stack):
    customer("Photo Paul")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Photo Paul")
    open_chat(ben, "Photo Paul")
    choose(ana, ("red.jpg", "image/jpeg", picture("#c33")), ("blue.jpg", "image/jpeg", picture("#33c")))
    expect(ana.locator(".composer .upload.ready")).to_have_count(2)
    write(ana, "Which one do you like?")
    photos = ana.locator("#thread .message[data-id] .photo img")
    expect(photos).to_have_count(2)
    expect(bubble(ana, "Which one do you like?").locator(".photo")).to_have_count(1)
    expect(ben.locator("#thread .photo img")).to_have_count(2)
    ana.wait_for_function(
        "() => [...document.querySelectorAll('#thread .photo img')].every((i) => i.naturalWidth === 672)"
    )
    expect(ana.locator("#thread .own .tick.read")).to_have_count(2, timeout=20_000)
    assert [request["path"] for request in stack.provider.sends()][-2:] == ["/messages/image"] * 2
    ana.locator("#thread .photo").first.click()
    box = ana.locator("#lightbox")
    expect(box.locator("[data-of]")).to_have_text("1 of 2")
    ana.wait_for_function("() => document.querySelector('#lightbox img').naturalWidth === 900")
    ana.keyboard.press("ArrowRight")
    expect(box.locator("[data-of]")).to_have_text("2 of 2")
    expect(box.locator("[data-next]")).to_be_disabled()
    for _ in range(6):  # the focus stays inside
        ana.keyboard.press("Tab")
        assert ana.evaluate("document.activeElement === document.body || !!document.activeElement.closest('#lightbox')")
    with ana.expect_download() as download:
        box.locator("[data-download]").click()
    assert download.value.suggested_filename == "blue.jpg"
    ana.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(ana.locator("#thread .photo").nth(1)).to_be_focused()


def test_a_picture_from_the_clipboard_and_a_dropped_file_are_attached(visit, customer):
    customer("Paste Petra")
    ana = visit("ana")
    open_chat(ana, "Paste Petra")
    give = """([kind, selector, bytes, name, type]) => {
        const data = new DataTransfer()
        data.items.add(new File([new Uint8Array(bytes)], name, {type}))
        const how = {bubbles: true, cancelable: true}
        const event = kind === 'paste'
            ? new ClipboardEvent('paste', {...how, clipboardData: data})
            : new DragEvent(kind, {...how, dataTransfer: data})
        document.querySelector(selector).dispatchEvent(event)
    }"""
    ana.evaluate(give, ["paste", "#composer-text", list(picture(size=(20, 20))), "image.png", "image/png"])
    expect(ana.locator(".composer .upload.ready")).to_have_count(1)
    ana.evaluate(give, ["dragover", "#thread-scroller", [1], "a.pdf", "application/pdf"])
    expect(ana.locator("#conversation.dropping")).to_have_count(1)
    ana.evaluate(give, ["drop", "#thread-scroller", list(b"%PDF-1.7 x"), "offer.pdf", "application/pdf"])
    expect(ana.locator("#conversation.dropping")).to_have_count(0)
    expect(ana.locator(".composer .upload.ready")).to_have_count(2)
    write(ana, "Here is all of it")
    expect(ana.locator("#thread a.file", has_text="offer.pdf")).to_contain_text("PDF · 10")


def test_an_upload_shows_how_far_it_is_and_can_be_cancelled(visit, customer):
    customer("Cancel Carl")
    ana = visit("ana")
    open_chat(ana, "Cancel Carl")
    held = []
    ana.route("**/uploads/**", lambda route: held.append(route) if held else (held.append(None), route.continue_()))
    choose(ana, ("film.bin", "application/octet-stream", b"x" * 9_000_000))
    expect(uploads(ana)).to_contain_text(re.compile(r"of 8\.6 MB"))
    ana.locator("#composer-text").fill("Too early")
    ana.keyboard.press("Enter")
    expect(ana.locator("#composer-hint")).to_have_text("Still uploading")
    uploads(ana).get_by_label("Remove the file").click()
    expect(uploads(ana)).to_have_count(0)
    expect(ana.locator("#composer-text")).to_be_focused()
    ana.unroute_all(behavior="ignoreErrors")


def test_a_lost_connection_costs_one_part_and_not_the_file(visit, customer, stack):
    customer("Tunnel Tom")
    ana = visit("ana")
    open_chat(ana, "Tunnel Tom")
    asked: list[str] = []

    def flaky(route):
        asked.append(route.request.url)
        route.abort() if len(asked) == 2 else route.continue_()

    ana.route("**/uploads/**", flaky)
    choose(ana, ("plan.bin", "application/octet-stream", bytes(range(256)) * 10_000))
    expect(ana.locator(".composer .upload.ready")).to_have_count(1, timeout=15_000)
    assert len(asked) == 4, "three parts, and the second once more"
    write(ana, "The plan")
    file = ana.locator("#thread a.file", has_text="plan.bin")
    expect(file).to_be_visible()
    with ana.expect_download() as download:
        file.click()
    assert Path(download.value.path()).read_bytes() == bytes(range(256)) * 10_000


def test_uploads_wait_with_their_chat_while_another_is_open(visit, customer):
    customer("First Fay")
    customer("Second Sue")
    ana = visit("ana")
    open_chat(ana, "First Fay")
    choose(ana, ("kept.pdf", "application/pdf", b"%PDF-1.7"))
    expect(uploads(ana)).to_have_count(1)
    open_chat(ana, "Second Sue")
    expect(uploads(ana)).to_have_count(0)
    open_chat(ana, "First Fay")
    expect(ana.locator(".composer .upload.ready", has_text="kept.pdf")).to_be_visible()


def test_what_cannot_be_sent_says_why(visit, customer):
    customer("Refused Rob")
    ana = visit("ana")
    open_chat(ana, "Refused Rob")
    ana.evaluate("document.querySelector('#inbox').dataset.uploadLimit = '1000'")
    choose(ana, ("big.bin", "", b"x" * 2000), ("empty.txt", "text/plain", b""))
    expect(uploads(ana).nth(0)).to_contain_text("2 KB is too much. Up to 1 KB can be sent.")
    expect(uploads(ana).nth(1)).to_contain_text("The file is empty.")


def test_a_damaged_picture_has_its_own_state_and_never_hides_the_text(visit, customer):
    customer("Broken Bea")
    ana = visit("ana")
    open_chat(ana, "Broken Bea")
    choose(ana, ("torn.png", "image/png", b"\x89PNG\r\n\x1a\n torn in two"))
    expect(ana.locator(".composer .upload.ready")).to_have_count(1)
    write(ana, "Can you see it?")
    message = bubble(ana, "Can you see it?")
    expect(message.locator(".file.lost")).to_contain_text("torn.png")
    expect(message.locator(".file.lost")).to_contain_text("It cannot be shown")
    expect(message.locator(".text")).to_have_text("Can you see it?")


SILENCE = b"\xf8\xff\xfe"  # an Opus packet of 20 ms


def test_a_customers_voice_message_plays_on_at_another_speed_and_seeks(visit, customer, stack):
    someone = customer("Voice Vera")
    sound, _ = ogg_of_webm(webm([SILENCE] * 1500))
    media = base64.b64encode(sound).decode()
    voice = {"type": "voice", "media": media, "mime_type": "audio/ogg; codecs=opus"}
    (wa_id,) = stack.customer_writes(someone["number"], **voice)
    ana = visit("ana")
    open_chat(ana, "Voice Vera")
    player = ana.locator("#thread .player.voice")
    expect(player).to_be_visible(timeout=15_000)
    player.get_by_label("Play").click()
    expect(player).to_have_class(re.compile("playing"))
    player.locator("[data-speed]").click()
    expect(player.locator("[data-speed]")).to_have_text("1.5×")
    assert player.locator("audio").evaluate("(a) => a.playbackRate") == 1.5
    stack.customer_writes(someone["number"], type="reaction", target=wa_id, emoji="👂")
    expect(ana.locator("#thread .reactions")).to_contain_text("👂")
    assert not player.locator("audio").evaluate("(a) => a.paused"), "it plays on while its message is drawn anew"
    player.get_by_label("Pause").click()
    player.get_by_label("Position").focus()
    ana.keyboard.press("End")
    ana.wait_for_function("() => document.querySelector('.player audio').currentTime > 1")


# --- Recording --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def microphone(browser: Browser) -> Iterator[Browser]:
    """A browser whose microphone is a tone, and that asks nobody for it."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    hearing = browser.browser_type.launch(executable_path=find_chromium(), args=[*ARGUMENTS, *fake])
    yield hearing
    hearing.close()


@pytest.fixture
def visit_with_microphone(microphone, stack):
    visits = Visits(microphone, stack)
    yield visits
    visits.close()
    assert visits.complaints == []


def test_a_voice_message_is_recorded_heard_and_sent_as_the_provider_wants_it(visit_with_microphone, customer, stack):
    customer("Record Rita")
    ana = visit_with_microphone("ana")
    open_chat(ana, "Record Rita")
    ana.locator("#composer-text").fill("half a sentence")
    ana.get_by_label("Record a voice message").focus()
    ana.keyboard.press("Enter")
    recorder = ana.locator(".recorder")
    expect(recorder.locator(".elapsed")).to_have_text("0:02", timeout=15_000)
    recorder.get_by_role("button", name="Stop and listen").click()
    expect(recorder.locator("audio")).to_be_visible()
    recorder.get_by_label("Send the voice message").click()
    player = ana.locator("#thread .message[data-id] .player.voice")
    expect(player).to_be_visible()
    expect(player.locator(".elapsed")).to_have_text(re.compile("0:0[123]"))
    expect(ana.locator("#composer-text")).to_have_value("half a sentence")
    expect(ana.locator("#thread .own .tick.read")).to_be_visible(timeout=20_000)
    sent = stack.provider.sends()[-1]
    assert (sent["path"], sent["body"]["mime_type"]) == ("/messages/voice", "audio/ogg; codecs=opus")
    player.get_by_label("Play").click()
    ana.wait_for_function("() => document.querySelector('.player audio').currentTime > 0.2")
    assert player.locator("audio").evaluate("(a) => a.error") is None


def test_a_recording_can_be_thrown_away(visit_with_microphone, customer, stack):
    customer("Discard Dina")
    ana = visit_with_microphone("ana")
    open_chat(ana, "Discard Dina")
    before = len(stack.provider.sends())
    ana.get_by_label("Record a voice message").click()
    expect(ana.locator(".recorder .elapsed")).to_have_text("0:01", timeout=15_000)
    ana.keyboard.press("Escape")
    expect(ana.locator(".recorder")).to_have_count(0)
    expect(ana.locator("#composer-text")).to_be_focused()
    wait_for_scripts(ana)
    assert len(stack.provider.sends()) == before
