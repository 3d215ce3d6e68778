"""Secrets at rest, in the format that other programs can read."""

import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.core.exceptions import ImproperlyConfigured

from kernel import crypto

PASSPHRASE = "vector passphrase: größe 42"

# Made with crypto.pbkdf2Sync and crypto.createCipheriv of Node 20.20.2, under PASSPHRASE.
NODE_VECTOR = (
    "000102030405060708090a0b0c0d0e0f:101112131415161718191a1b:"
    "975f3ff0459e464544e3c30daf1132ca:e0cf5d5b0d5b2a4e95aad7ccca769bddedc642"
)
NODE_SECRET = "sim_token-ABC/éß="
NODE_VECTOR_OF_OTHER_LENGTHS = (  # a salt of 32 bytes and a nonce of 16
    f"{'07' * 32}:{'09' * 16}:8ed87071ff24b13ce9b84f35cbfbf300:e6d5f5fd7e6405feb941757c0668252ee0dc"
)


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.ENCRYPTION_KEYS = [PASSPHRASE]
    crypto._derived_key.cache_clear()


def sealed_elsewhere(secret: str, passphrase: str) -> str:
    """The format, built from PBKDF2 and the low-level cipher interface instead of our code."""
    salt, iv = bytes(range(16)), bytes(range(100, 112))
    key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, 100_000, 32)
    cipher = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
    ciphertext = cipher.update(secret.encode()) + cipher.finalize()
    return ":".join([salt.hex(), iv.hex(), cipher.tag.hex(), ciphertext.hex()])


def opened_elsewhere(stored: str, passphrase: str) -> str:
    salt, iv, tag, ciphertext = (bytes.fromhex(part) for part in stored.split(":"))
    key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, 100_000, 32)
    cipher = Cipher(algorithms.AES(key), modes.GCM(iv, tag)).decryptor()
    return (cipher.update(ciphertext) + cipher.finalize()).decode()


def test_a_value_made_by_node_is_read():
    assert crypto.decrypt(NODE_VECTOR) == NODE_SECRET


def test_salts_and_nonces_of_other_lengths_are_read():
    assert crypto.decrypt(NODE_VECTOR_OF_OTHER_LENGTHS) == "sixteen byte nonce"


@pytest.mark.parametrize("secret", ["token", "", "ключ 🔑", "x" * 5000])
def test_a_value_made_by_another_implementation_is_read(secret):
    assert crypto.decrypt(sealed_elsewhere(secret, PASSPHRASE)) == secret


@pytest.mark.parametrize("secret", ["token", "", "ключ 🔑", "x" * 5000])
def test_what_we_seal_is_read_by_another_implementation(secret):
    assert opened_elsewhere(crypto.encrypt(secret), PASSPHRASE) == secret


def test_the_parts_have_the_lengths_of_the_format():
    salt, iv, tag, ciphertext = (bytes.fromhex(part) for part in crypto.encrypt("12345").split(":"))
    assert [len(salt), len(iv), len(tag), len(ciphertext)] == [16, 12, 16, 5]


def test_the_same_secret_never_looks_the_same():
    first, second = crypto.encrypt("token"), crypto.encrypt("token")
    assert not set(first.split(":")) & set(second.split(":"))


@pytest.mark.parametrize("part", [0, 1, 2, 3], ids=["salt", "iv", "auth tag", "ciphertext"])
@pytest.mark.parametrize("place", [0, -1], ids=["first bit", "last bit"])
def test_one_changed_bit_in_any_part_is_refused(part, place):
    parts = [bytearray.fromhex(text) for text in crypto.encrypt("token").split(":")]
    parts[part][place] ^= 1
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(":".join(text.hex() for text in parts))


@pytest.mark.parametrize("part", [0, 1, 2, 3], ids=["salt", "iv", "auth tag", "ciphertext"])
@pytest.mark.parametrize("change", ["emptied", "shortened", "lengthened", "not hex"])
def test_a_part_of_another_length_is_refused(part, change):
    parts = crypto.encrypt("token").split(":")
    parts[part] = {
        "emptied": "",
        "shortened": parts[part][:-2],
        "lengthened": parts[part] + "00",
        "not hex": "zz" + parts[part][2:],
    }[change]
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(":".join(parts))


@pytest.mark.parametrize("stored", ["", "token", ":::", "00:00:00", "00:00:00:00:00", NODE_VECTOR + ":00", "é:é:é:é"])
def test_what_is_not_in_the_format_is_refused(stored):
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(stored)


def test_a_tag_cut_short_is_refused_even_when_it_begins_rightly():
    salt, iv, tag, ciphertext = crypto.encrypt("token").split(":")
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(":".join([salt, iv, tag[:8], ciphertext]))


def test_bytes_moved_from_the_tag_into_the_ciphertext_are_refused():
    salt, iv, tag, ciphertext = crypto.encrypt("token").split(":")
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(":".join([salt, iv, tag[16:], ciphertext + tag[:16]]))


def test_the_refusal_holds_neither_the_key_nor_the_value():
    with pytest.raises(crypto.CannotDecrypt) as refusal:
        crypto.decrypt(sealed_elsewhere("token", "another key"))
    assert PASSPHRASE not in str(refusal.value)
    assert "token" not in str(refusal.value).split()


def test_reading_a_value_again_does_not_derive_its_key_again(monkeypatch):
    stored = crypto.encrypt("token")
    crypto._derived_key.cache_clear()
    derive, derived = hashlib.pbkdf2_hmac, []
    monkeypatch.setattr(crypto.hashlib, "pbkdf2_hmac", lambda *given: derived.append(given) or derive(*given))
    for _ in range(20):
        assert crypto.decrypt(stored) == "token"
    assert [(name, rounds, length) for name, _, _, rounds, length in derived] == [("sha256", 100_000, 32)]


def test_an_older_key_still_opens_and_the_newest_seals(settings):
    old = crypto.encrypt("token")
    settings.ENCRYPTION_KEYS = ["new key", PASSPHRASE]
    assert crypto.decrypt(old) == "token"
    assert opened_elsewhere(crypto.encrypt("token"), "new key") == "token"


def test_resealing_brings_a_secret_under_the_newest_key_once(settings):
    old = crypto.encrypt("token")
    assert crypto.reseal(old) is None
    settings.ENCRYPTION_KEYS = ["new key", PASSPHRASE]
    new = crypto.reseal(old)
    assert opened_elsewhere(new, "new key") == "token"
    assert crypto.reseal(new) is None


def test_a_key_taken_out_too_early_is_named_as_the_cause(settings):
    old = crypto.encrypt("token")
    settings.ENCRYPTION_KEYS = ["new key"]
    with pytest.raises(crypto.CannotDecrypt, match="removed before rotation"):
        crypto.decrypt(old)


@pytest.mark.parametrize("deed", [lambda: crypto.encrypt("token"), lambda: crypto.decrypt(NODE_VECTOR)])
def test_without_any_key_the_setting_is_named(settings, deed):
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS"):
        deed()
