"""Acme with one row of everything that a URL can name, each marked with a word that nobody else may read."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.models import Attachment, Chat, Contact, Message, Note
from outbox.models import Item, Lane
from tests.support.world import World
from webhooks.models import InboundEvent
from workspaces.models import ApiKey, Invitation

CANARY = "canary-7431"


@pytest.fixture
def rich_acme(world: World) -> dict[str, str]:
    """Ids of Acme's rows, by the names that URL parameters have."""
    acme, lane = world.acme, Lane.objects.get(pk=world.channel.pk)
    contact = Contact.objects.create(workspace=acme, name=f"Contact {CANARY}")
    chat = Chat.objects.create(
        workspace=acme,
        channel=world.channel,
        wa_chat_id="15550100123@s.whatsapp.net",
        kind="direct",
        name=f"Chat {CANARY}",
        contact=contact,
    )
    message = Message.objects.create(
        workspace=acme,
        channel=world.channel,
        chat=chat,
        direction="inbound",
        type="text",
        text=f"Text {CANARY}",
        status="received",
        sort_at=timezone.now(),
    )
    note = Note.objects.create(
        workspace=acme, chat=chat, author=world.ben, author_name="Ben", client_id=CANARY, text=f"Note {CANARY}"
    )
    attachment = Attachment.objects.create(
        workspace=acme, message=message, kind="document", file_name=f"{CANARY}.pdf", state="ready", path="none.pdf"
    )
    upload = Attachment.objects.create(
        workspace=acme, uploaded_by=world.ana, kind="document", file_name=f"{CANARY}.zip", size=1000, state="pending"
    )
    invitation = Invitation.objects.create(
        workspace=acme,
        email=f"{CANARY}@example.com",
        role="agent",
        token_digest="0" * 64,
        expires_at=timezone.now() + timedelta(days=1),
    )
    item = Item.objects.create(
        workspace=acme, lane=lane, order_key=chat.pk, seq=1, kind="message.send", payload={"text": CANARY}
    )
    event = InboundEvent.objects.create(
        workspace_id=acme.pk, channel_id=world.channel.pk, body=f'{{"text": "{CANARY}"}}'.encode()
    )
    return {
        "slug": acme.slug,
        "channel_id": str(world.channel.pk),
        "lane_id": str(lane.pk),
        "contact_id": str(contact.pk),
        "chat_id": str(chat.pk),
        "message_id": str(message.pk),
        "note_id": str(note.pk),
        "attachment_id": str(attachment.pk),
        "upload_id": str(upload.pk),
        "member_id": str(world.ben.pk),
        "invitation_id": str(invitation.pk),
        "key_id": str(ApiKey.objects.get(workspace=acme).pk),
        "item_id": str(item.pk),
        "event_id": str(event.pk),
    }
