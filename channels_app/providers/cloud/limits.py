"""The Cloud API's numbers, each with its reason. Sources: README.md beside this file."""

import re
from datetime import timedelta

BASE_URL = "https://graph.facebook.com"
VERSION = "v24.0"
"""Shapes change with it (conversation and pricing of reports). A base URL that ends in a version overrides it."""

VERSIONED = re.compile(r"/v\d{1,3}\.\d$")

ANSWER_LIMIT_BYTES = 4 * 1024 * 1024
"""A page of templates with long texts and examples stays far below it."""

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
REFERENCE_LIMIT = 512  # of biz_opaque_callback_data

BUTTONS = range(1, 4)
ROWS = range(1, 11)
TITLE_LIMIT = 20
ROW_TITLE_LIMIT = 24

MEDIA_TYPES = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4", "video/3gpp"),
    "audio": ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
    "voice": ("audio/ogg",),
    "sticker": ("image/webp",),
}
"""What WhatsApp takes as such; a document may be of any type."""

MEDIA_BYTES = {
    "image": 5 * 1024 * 1024,
    "video": 16 * 1024 * 1024,
    "audio": 16 * 1024 * 1024,
    "voice": 16 * 1024 * 1024,
    "document": 100 * 1024 * 1024,
    "sticker": 500 * 1024,
}

MEDIA_HOSTS = ("fbsbx.com", "facebook.com", "whatsapp.net")
"""Where files are fetched with the token; any other host gets the request without it."""

TEMPLATES_PAGE = 100
TEMPLATES_PAGES = 60  # an account may have 6,000 templates

PHONE = re.compile(r"\d{5,20}@s\.whatsapp\.net")
GROUP = re.compile(r"[\w=+/-]{5,70}@g\.us")
PERSON_WITHOUT_NUMBER = re.compile(r"[A-Za-z]{2}\.[A-Za-z0-9.]{1,140}@bsuid")

PAIR_SECONDS = 6.0
"""One message in six seconds may go from a number to a person; faster bursts are borrowed from later."""

MAINTENANCE_SECONDS = 60.0
"""A number that gets a higher throughput is away for about a minute."""

SPAM_SECONDS = 3600.0
"""Told that people block or report the number: going on quickly makes it worse."""

ACCOUNT_SECONDS = 900.0
"""How long a number is left in peace when only a person at Meta can help: pay, appeal, verify."""

WRITING_WINDOW = timedelta(hours=24)
"""How long after a customer's message, tap or reaction anything may be written."""
