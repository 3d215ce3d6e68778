"""WAHA's ids, in the words of its three engines."""

import pytest

from channels_app.providers.waha.ids import Key, chosen_id, id_of, key_of, long_id, reference_of, theirs
from tests.channels_app.providers.waha.bodies import DANA, GROUP, LID


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("true_15550100201@c.us_3EB0AA", Key("3EB0AA", DANA, True)),
        (
            f"false_{GROUP}_3EB0AA_15550100201:12@c.us",
            Key("3EB0AA", GROUP, False, DANA),
        ),
        (f"true_{LID}_3EB0AA", Key("3EB0AA", LID, True)),
        ("true_15550100201@c.us_3EB0AA_out", Key("3EB0AA", DANA, True)),
        ({"_serialized": "true_15550100201@c.us_3EB0AA", "id": "3EB0AA"}, Key("3EB0AA", DANA, True)),
        ("3EB0AA", Key("3EB0AA")),
        ("maybe_x_y", None),
        ("", None),
        (7, None),
        (None, None),
        ({"id": 7}, None),
        ("x" * 256, None),
        (f"true_15550100201@c.us_{'x' * 256}", None),
    ],
)
def test_a_message_id_is_taken_apart_in_every_form(written, key):
    assert key_of(written) == key
    assert id_of(written) == (key.id if key else "")


def test_a_message_id_is_put_together_as_waha_takes_it():
    assert long_id(Key("3EB0AA", DANA, True)) == "true_15550100201@c.us_3EB0AA"
    assert long_id(Key("3EB0AA", GROUP, False, DANA)) == f"false_{GROUP}_3EB0AA_15550100201@c.us"
    assert [theirs(wa_id) for wa_id in (DANA, GROUP, LID)] == ["15550100201@c.us", GROUP, LID]


def test_a_reference_becomes_an_id_and_the_id_the_reference_again():
    reference = "0197f3d2-1111-7222-8333-444455556666"
    assert reference_of(chosen_id(reference)) == reference
    assert chosen_id("1b4e28ba-2fa1-11d2-883f-0016d3cca427") == "", "only ids that Waybill makes: version 7"
    assert chosen_id("") == chosen_id("x") == ""
    assert reference_of("3EB0C767E8D4B2A9E4C3D1") == ""
