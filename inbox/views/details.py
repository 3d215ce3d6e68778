"""The details beside a conversation: who it is, who takes care of it, its labels, its people and its files."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox.access import chat_for
from inbox.policy import phone_number_of
from inbox.selectors.chat_list import is_muted, title_of
from inbox.selectors.labels import labels_on
from inbox.selectors.people import participants_of
from inbox.selectors.shared import chats_beside, files_shared
from inbox.views.chat_list import fragment_context
from workspaces.views.guard import member_view

PARTICIPANTS = 300


@member_view
@require_safe
def chat_info(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    member, chat = request.member, chat_for(request.member, chat_id)
    people = participants_of(chat, limit=PARTICIPANTS + 1)
    addresses = sorted(address.wa_id for address in chat.contact.addresses.all()) if chat.contact else [chat.wa_chat_id]
    media, files = files_shared(chat)
    context = {
        **fragment_context(member),
        "chat": chat,
        "title": title_of(chat),
        "labels": labels_on([chat.pk]).get(chat.pk, []),
        "numbers": [number for number in map(phone_number_of, addresses) if number],
        "other_ids": [wa_id for wa_id in addresses if not phone_number_of(wa_id)],
        "separable": [(wa_id, phone_number_of(wa_id) or wa_id) for wa_id in addresses if wa_id != chat.wa_chat_id],
        "participants": people[:PARTICIPANTS],
        "more_participants": len(people) > PARTICIPANTS,
        "media": media,
        "files": files,
        "beside": chats_beside(member, chat),
        "muted": is_muted(chat),
    }
    return render(request, "inbox/_details.html", context)
