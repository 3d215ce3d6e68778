"""In which language a page, a refusal and a program are answered."""

from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import translation

from channels_app.models import Channel
from workspaces.models import User
from workspaces.templatetags.moments import ago, day, stamp

pytestmark = pytest.mark.django_db

PROFILE = "/w/acme/settings/profile/"
SAVED = {"name": "Ana Example", "theme": "auto", "enter_sends": "on", "undo_seconds": "5"}


@pytest.fixture
def ana(world, client) -> Client:
    client.force_login(world.ana.user)
    return client


def words(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "language", "title"),
    [
        ("es", "es", "Iniciar sesión"),
        ("es-MX,es;q=0.9,en;q=0.5", "es", "Iniciar sesión"),
        ("de,en;q=0.5", "en", "Sign in"),
        ("de", "en", "Sign in"),
        ("*", "en", "Sign in"),
        ("", "en", "Sign in"),
        ("a" * 5000, "en", "Sign in"),
    ],
)
def test_a_stranger_reads_what_the_browser_asks_for(world, client, asked, language, title):
    answer = client.get("/sign-in/", headers={"Accept-Language": asked})
    assert f'<html lang="{language}"' in words(answer)
    assert title in words(answer)
    assert answer["Content-Language"] == language
    assert "Accept-Language" in answer["Vary"]


def test_ana_chooses_spanish_and_reads_it_in_an_english_browser(world, ana):
    answer = ana.post(PROFILE, {**SAVED, "language": "es"}, headers={"Accept-Language": "en"}, follow=True)
    assert User.objects.get(pk=world.ana.user_id).language == "es"
    page = words(ana.get(PROFILE, headers={"Accept-Language": "en"}))
    assert '<html lang="es"' in page
    assert "Guardar" in page
    assert ">Save<" not in page
    assert answer.status_code == 200
    ana.post(PROFILE, {**SAVED, "language": ""})
    assert '<html lang="en"' in words(ana.get(PROFILE, headers={"Accept-Language": "en"}))


def test_a_language_that_is_not_spoken_is_refused(world, ana):
    assert ana.post(PROFILE, {**SAVED, "language": "xx"}).status_code == 400
    assert User.objects.get(pk=world.ana.user_id).language == ""


def test_the_scripts_words_come_along_in_spanish_only_and_are_only_ours(world, ana):
    assert 'id="words"' not in words(ana.get(PROFILE))
    page = words(ana.get(PROFILE, headers={"Accept-Language": "es"}))
    assert '"Copied": "Copiado"' in page
    assert "September" not in page  # a word of Django admin's own scripts


def test_programs_are_answered_in_english(world):
    client = Client(headers={"Accept-Language": "es"})
    world.ana.user.language = "es"
    world.ana.user.save()
    client.force_login(world.ana.user)
    answer = client.get(f"/api/v1/chats/{world.channel.pk}")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no such chat, or it is not yours."


def test_a_refusal_is_said_in_the_readers_language(world, client):
    refused = client.post(
        "/sign-in/", {"email": "ana@example.com", "password": "wrong"}, headers={"Accept-Language": "es"}
    )
    assert "La dirección de correo y la contraseña no corresponden." in words(refused)


def test_what_a_spanish_deed_stores_is_english_and_everybody_reads_their_own(world, ana):
    act = reverse("channels_app:channel-act", args=["acme", world.channel.pk, "disconnect"])
    ana.post(act, headers={"Accept-Language": "es"})
    assert Channel.objects.get(pk=world.channel.pk).status_detail == "Disconnected by Ana Example."
    page = reverse("channels_app:channel-detail", args=["acme", world.channel.pk])
    assert "Desconectado por Ana Example." in words(ana.get(page, headers={"Accept-Language": "es"}))
    assert "Disconnected by Ana Example." in words(ana.get(page, headers={"Accept-Language": "en"}))


def test_a_thread_keeps_no_language_of_the_page_that_it_served(world, client):
    client.get("/sign-in/", headers={"Accept-Language": "es"})
    assert translation.get_language() == "en"


def test_days_and_sizes_are_written_as_the_reader_writes_them():
    january = datetime(2026, 1, 5, 14, 8, 41, tzinfo=UTC)
    with translation.override("es"):
        assert ">5 ene 2026<" in str(day(january)).lower()
        assert ">5 ene 14:08:41<" in str(stamp(january)).lower()
        assert "hace " in ago(january)
        assert Template("{{ size|filesizeformat }}").render(Context({"size": 1_300_000})) == "1,2\xa0MB"
    with translation.override("en"):
        assert ">5 Jan 2026<" in day(january)


def test_zoe_is_told_in_spanish_that_there_is_nothing(world, client):
    client.force_login(world.zoe.user)
    answer = client.get(PROFILE, headers={"Accept-Language": "es"})
    assert answer.status_code == 404
    assert "Esta página no está aquí" in words(answer)
