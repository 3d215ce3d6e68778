"""Secrets at rest: PBKDF2-SHA256 (100,000 iterations) to AES-256-GCM, stored as salt:iv:authTag:ciphertext in hex."""

import hashlib
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ITERATIONS = 100_000
KEY_BYTES = 32
SALT_BYTES = 16
IV_BYTES = 12
TAG_BYTES = 16
KEYS_KEPT = 32_768  # derived keys; some 10 MB when full. Deriving one costs about 30 ms, too much for every send


class CannotDecrypt(Exception):
    """The value was changed, is not in the format, or was written with a key that is no longer in ENCRYPTION_KEYS."""


@lru_cache(maxsize=KEYS_KEPT)
def _derived_key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ITERATIONS, KEY_BYTES)


def _passphrases() -> list[str]:
    if not settings.ENCRYPTION_KEYS:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS is not set, so tokens can be neither stored nor read. Set it; see .env.example."
        )
    return settings.ENCRYPTION_KEYS


def encrypt(secret: str) -> str:
    """`secret` under the newest key. A new salt and nonce each time, so equal secrets do not look equal."""
    salt, iv = os.urandom(SALT_BYTES), os.urandom(IV_BYTES)
    sealed = AESGCM(_derived_key(_passphrases()[0], salt)).encrypt(iv, secret.encode(), None)
    ciphertext, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
    return ":".join(part.hex() for part in (salt, iv, tag, ciphertext))


def decrypt(stored: str) -> str:
    """The secret. Tries every key of ENCRYPTION_KEYS, newest first. Raises CannotDecrypt."""
    return _opened(stored)[0]


def reseal(stored: str) -> str | None:
    """The same secret under the newest key, or None when `stored` is sealed with it already. Raises CannotDecrypt."""
    secret, key = _opened(stored)
    return None if key == 0 else encrypt(secret)


def _opened(stored: str) -> tuple[str, int]:
    """The secret, and which of ENCRYPTION_KEYS opened it (0 is the newest)."""
    try:
        salt, iv, tag, ciphertext = (bytes.fromhex(part) for part in stored.split(":"))
    except ValueError:
        raise CannotDecrypt("The stored secret is not in the form salt:iv:authTag:ciphertext.") from None
    if len(tag) != TAG_BYTES or not iv or not salt:
        raise CannotDecrypt("The stored secret is not in the form salt:iv:authTag:ciphertext.")
    for number, passphrase in enumerate(_passphrases()):
        try:
            return AESGCM(_derived_key(passphrase, salt)).decrypt(iv, ciphertext + tag, None).decode(), number
        except (InvalidTag, ValueError):
            continue
    raise CannotDecrypt("No key in ENCRYPTION_KEYS opens the stored secret. Was a key removed before rotation?")
