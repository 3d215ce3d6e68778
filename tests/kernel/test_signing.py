"""Secrets that are compared, and signatures."""

import pytest

from kernel import signing


def test_new_secrets_are_long_and_never_alike():
    secrets = {signing.new_secret("wb_") for _ in range(100)}
    assert len(secrets) == 100
    assert all(secret.startswith("wb_") and len(secret) >= 46 for secret in secrets)


def test_a_digest_is_sha256_in_hex():
    # FIPS 180-2, appendix B.1
    assert signing.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("candidate", "right"), [("secret", True), ("Secret", False), ("secret ", False), ("", False), ("sécret", False)]
)
def test_a_candidate_matches_only_the_digest_of_itself(candidate, right):
    assert signing.matches_digest(candidate, signing.digest("secret")) is right


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        # RFC 4231, test case 2
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "sha512",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ],
)
def test_signatures_agree_with_the_published_vectors(algorithm, expected):
    assert signing.hmac_hex("Jefe", b"what do ya want for nothing?", algorithm) == expected


def test_texts_beyond_ascii_are_compared_too():
    assert signing.matches("é", "é")
    assert not signing.matches("é", "e")
