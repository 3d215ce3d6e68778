"""Files on their way to WAHA and from it."""

import base64
from typing import BinaryIO

from channels_app.providers.base import InboundMedia, OutgoingMedia
from channels_app.providers.errors import ProviderError
from channels_app.providers.files import opened
from channels_app.providers.reading import mapping, text
from channels_app.providers.waha.client import Client
from channels_app.providers.waha.finding import path_of
from channels_app.providers.waha.ids import key_of
from kernel import http


def base64_of(media: OutgoingMedia) -> str:
    """Inside the request: a link would only help a WAHA that can reach Waybill. Raises ProviderError(permanent)."""
    with opened(media) as file:
        return base64.b64encode(file.read()).decode()


def fetched(client: Client, media: InboundMedia, sink: BinaryIO, limit_bytes: int) -> http.Response:
    """By the address that the message named. WAHA deletes files after minutes, and has none of old messages: then it
    is asked to download the file from WhatsApp again. Raises ProviderError."""
    if media.link:
        try:
            return client.download(media.link, sink, limit_bytes)
        except ProviderError as error:
            if error.code != "not_found":
                raise
            sink.seek(0)
            sink.truncate()
    key = key_of(media.provider_media_id)
    if key is None or not key.chat:
        raise ProviderError("media_gone", "WAHA named no file to fetch.", permanent=True)
    message = client.find(client.at(path_of(key.chat, media.provider_media_id)), downloadMedia="true")
    link = text(mapping(message, "media"), "url", 2000) if isinstance(message, dict) else ""
    if not link.startswith(("https://", "http://")):
        raise ProviderError("media_gone", "WAHA can no longer get the file from WhatsApp.", permanent=True)
    return client.download(link, sink, limit_bytes)
