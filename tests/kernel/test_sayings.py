"""Stored sentences are English in the row, and in the reader's language on the page."""

import pytest
from django.utils import translation

from kernel.sayings import said

SPOKEN = {
    "Another number is linked now: 15550100 instead of 15550101.": (
        "Ahora hay otro número vinculado: 15550100 en lugar de 15550101."
    ),
    "Meta refused the request.": "Meta rechazó la petición.",
    "Meta refused the request: (#100) Invalid parameter": "Meta rechazó la petición: (#100) Invalid parameter",
    "Refused for good: Meta refused the template: gone": ("Rechazado definitivamente: Meta rechazó la plantilla: gone"),
    "Disconnected by Ana Example.": "Desconectado por Ana Example.",
    "The session failed at WAHA. Connect it again. Ask Ana.": "La sesión falló en WAHA. Conectarla de nuevo. Ask Ana.",
    "Ben, Our number joined": "Ben, Our number se unió",
    "The engine said no.": "The engine said no.",
    "": "",
}


@pytest.mark.parametrize(("stored", "spanish"), SPOKEN.items())
def test_a_stored_sentence_is_said_in_the_readers_language(stored, spanish):
    with translation.override("es"):
        assert said(stored) == spanish


@pytest.mark.parametrize("stored", SPOKEN)
def test_who_reads_english_reads_what_is_stored(stored):
    with translation.override("en"):
        assert said(stored) == stored
    with translation.override(None):
        assert said(stored) == stored


def test_a_long_foreign_text_takes_no_time():
    with translation.override("es"):
        assert said("No. " * 5000).startswith("No.")
        assert said("a: " * 5000).startswith("a")
