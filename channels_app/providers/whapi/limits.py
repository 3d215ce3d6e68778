"""Whapi's numbers, each with its reason."""

import re

ANSWER_LIMIT_BYTES = 20 * 1024 * 1024
"""A page of 500 messages with embedded thumbnails stays below it; more is not an answer we asked for."""

SMALL_ANSWER_LIMIT_BYTES = 1024 * 1024
"""A QR code as an image takes some kilobytes, settings with many webhooks some dozens."""

UNPAID_SECONDS = 900.0
"""How long a channel that is not paid, or whose trial is used up, is left in peace: only a payment changes it."""

HISTORY_PAGE = 100
"""The provider's default, and small enough to keep an answer below the limit above (it allows 500)."""

HISTORY_PAGES = 20
GROUPS_PAGE = 500
GROUPS_PAGES = 20

POLL_OPTIONS = range(2, 13)
"""Fewer or more are refused (the published schema of polls)."""

RECIPIENT = re.compile(r"[\d-]{9,31}(@[\w.]+)?")
MENTION = re.compile(r"\d{7,15}(@s\.whatsapp\.net)?|\d{10,31}@g\.us")
"""What the published schemas allow; anything else would fail the whole message."""

BACKOFF_MS = 3000
MOST_BACKOFF_MS = 600_000
"""The quickest that the provider's webhook retries can be: every 3 s longer, up to 10 minutes."""

RAW_UPLOAD_TYPES = frozenset(
    {
        "application/pdf",
        "application/msword",
        "application/vnd.ms-powerpoint",
        "application/vnd.ms-excel",
        "text/plain",
        "image/jpeg",
        "image/png",
        "audio/mp4",
        "audio/amr",
        "audio/mpeg",
        "audio/ogg",
        "video/mp4",
    }
)
"""Types that POST /media takes as they are; any other goes as base64 inside JSON."""
