"""The sums of the inbox, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from inbox.policy import bare_mime_type, phone_number_of, smallest_id_at, wa_chat_id_of
from kernel.ids import new_id


@pytest.mark.parametrize(
    ("to", "wa_chat_id"),
    [
        ("+1 555 0100", "15550100@s.whatsapp.net"),
        ("15550100123", "15550100123@s.whatsapp.net"),
        ("  +1 (555) 010-0123 ", "15550100123@s.whatsapp.net"),
        ("0015550100123", "15550100123@s.whatsapp.net"),
        ("15550100123@s.whatsapp.net", "15550100123@s.whatsapp.net"),
        ("15550100123@c.us", "15550100123@s.whatsapp.net"),
        ("15550100123@S.WHATSAPP.NET", "15550100123@s.whatsapp.net"),
        ("120363000000000001@g.us", "120363000000000001@g.us"),
        ("15550100123-1500000000@g.us", "15550100123-1500000000@g.us"),
        ("123456789012345@lid", "123456789012345@lid"),
        ("US.13491208655302741918@bsuid", "US.13491208655302741918@bsuid"),
        ("", None),
        ("+", None),
        ("Carla", None),
        ("555", None),
        ("0155501001", None),
        ("1234567890123456", None),
        ("+1 555 0100 x12", None),
        ("15550100123@example.com", None),
        ("15550100123-1500000000@s.whatsapp.net", None),
        ("123456@s.whatsapp.net", None),
        ("١٥٥٥٠١٠٠١٢٣", None),
    ],
)
def test_what_people_type_as_a_number_has_one_form(to, wa_chat_id):
    assert wa_chat_id_of(to) == wa_chat_id


def test_only_people_have_phone_numbers():
    assert phone_number_of("15550100123@s.whatsapp.net") == "+15550100123"
    assert phone_number_of("120363000000000001@g.us") == phone_number_of("123@lid") == phone_number_of("") == ""


def test_types_lose_their_parameters():
    assert bare_mime_type("Audio/OGG; codecs=opus") == "audio/ogg"


def test_every_later_id_is_greater_than_the_smallest_of_its_moment():
    moment = datetime.now(UTC)
    assert smallest_id_at(moment) <= new_id()
    assert smallest_id_at(moment + timedelta(seconds=1)) > new_id()
    assert smallest_id_at(moment).version == 7
