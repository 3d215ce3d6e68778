"""Which message is meant: from the bare id that Waybill knows to the long one that WAHA wants.

The long id says whether a message is ours, and in groups also names the author. Waybill's callers know neither, so WAHA
is asked wherever it cannot be told from the deed.
"""

from channels_app.providers.base import Outgoing
from channels_app.providers.calling import segment
from channels_app.providers.errors import ProviderError
from channels_app.providers.waha.client import Client
from channels_app.providers.waha.ids import Key, key_of, long_id, theirs


def path_of(wa_chat_id: str, message_id: str) -> str:
    """Where a message is, below the session."""
    return f"/chats/{segment(theirs(wa_chat_id))}/messages/{segment(message_id)}"


def ours(client: Client, wa_chat_id: str, wa_message_id: str) -> str:
    """A message of our own number. In a group its long id ends with our own id, which only WAHA knows."""
    known = _looked_up(client, wa_chat_id, wa_message_id) if wa_chat_id.endswith("@g.us") else ""
    return known or long_id(Key(wa_message_id, wa_chat_id, from_me=True))


def anybodys(client: Client, wa_chat_id: str, wa_message_id: str) -> str:
    """A message of whoever wrote it. Raises ProviderError(permanent) for one that is gone."""
    found = _looked_up(client, wa_chat_id, wa_message_id)
    if not found:
        raise ProviderError("not_found", "WAHA does not find the message.", permanent=True, http_status=404)
    return found


def quoted(client: Client, message: Outgoing) -> str:
    """What the message answers, or "". A quote that WAHA no longer finds is no reason not to send."""
    if not message.quoted_wa_id:
        return ""
    known = _looked_up(client, message.to, message.quoted_wa_id)
    return known or long_id(Key(message.quoted_wa_id, message.to, from_me=False))


def _looked_up(client: Client, wa_chat_id: str, wa_message_id: str) -> str:
    """By the bare id; WEBJS knows only long ones, so the likely ones are tried as well. "" when there is none."""
    guesses = [long_id(Key(wa_message_id, wa_chat_id, from_me)) for from_me in (False, True)]
    for candidate in (wa_message_id, *guesses):
        message = client.find(client.at(path_of(wa_chat_id, candidate)), downloadMedia="false")
        key = key_of(message.get("id")) if isinstance(message, dict) else None
        if key is not None and key.id == wa_message_id:
            return long_id(key) if key.chat else candidate
    return ""
