"""Secrets that are compared but never shown again, and HMAC signatures over raw bytes; always in constant time."""

import hashlib
import hmac
import secrets


def new_secret(prefix: str = "") -> str:
    """256 random bits as URL-safe text, e.g. for API keys and webhook secrets."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 in hex. Enough for secrets of 256 random bits; passwords need a slow hash instead."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches_digest(candidate: str, stored_digest: str) -> bool:
    return hmac.compare_digest(digest(candidate), stored_digest)


def hmac_hex(secret: str, body: bytes, algorithm: str) -> str:
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def matches(candidate: str, expected: str) -> bool:
    return hmac.compare_digest(candidate.encode(), expected.encode())
