"""Reads settings from the environment; every complaint names the variable and what to do."""

import os

from django.core.exceptions import ImproperlyConfigured


def env_text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool) -> bool:
    raw = env_text(name).lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, got {raw!r}. See .env.example.")


def env_int(name: str, default: int, *, minimum: int = 0, maximum: int | None = None) -> int:
    raw = env_text(name)
    if not raw:
        return default
    try:
        number = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, got {raw!r}. See .env.example.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, got {number}. See .env.example.")
    if maximum is not None and number > maximum:
        raise ImproperlyConfigured(f"{name} must be at most {maximum}, got {number}. See .env.example.")
    return number


def env_list(name: str, default: list[str] | None = None) -> list[str]:
    parts = [part.strip() for part in env_text(name).split(",") if part.strip()]
    return parts or list(default or [])


SECRET_MIN_CHARACTERS = 16
"""Below, a secret can be guessed. What the example file's commands make is longer by far."""


def env_secret(name: str, *, demo: str | None, debug: bool, many: bool = False) -> str:
    """The secret, or in demo mode a local stand-in; outside DEBUG a missing or a short one stops the start.

    many: several, separated by commas; none may be short.
    """
    value = env_text(name)
    if value:
        parts = [part.strip() for part in value.split(",") if part.strip()] if many else [value]
        if not debug and any(len(part) < SECRET_MIN_CHARACTERS for part in parts):
            raise ImproperlyConfigured(
                f"{name} is too short. Use at least {SECRET_MIN_CHARACTERS} random characters; see .env.example."
            )
        return value
    if debug and demo is not None:
        return demo
    raise ImproperlyConfigured(
        f"{name} is not set. Set it in the environment before starting without DEBUG; see .env.example."
    )
