"""WAHA's numbers, each with its reason."""

import re

ANSWER_LIMIT_BYTES = 20 * 1024 * 1024
"""A page of 100 messages with the engine's raw data (thumbnails included) stays below it."""

SMALL_ANSWER_LIMIT_BYTES = 1024 * 1024
"""A session, a QR code, the answer to a send."""

HISTORY_PAGE = 100
HISTORY_PAGES = 20
GROUPS_PAGE = 100
GROUPS_PAGES = 50
"""A group of the engine's raw form may name 1,000 people: 100 of them are some megabytes."""

PARTICIPANT_LIMIT = 5000

QR_SECONDS = 20
"""WhatsApp shows the first code for 60 s and each further one for 20 s; WAHA does not say which one it is."""

POLL_OPTIONS = range(2, 13)

RECIPIENT = re.compile(r"\d{5,20}@s\.whatsapp\.net|[\d-]{5,40}@g\.us|\d{5,20}@lid")

WEBHOOK_RETRIES = {"policy": "exponential", "delaySeconds": 2, "attempts": 15}
"""Kept in WAHA's memory only: two hours of silence on our side or a restart there lose what waits."""
