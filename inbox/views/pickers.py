"""What can be chosen for a chat, in a small window: a person, labels, an end of the snooze, an id to take off."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox.access import chat_for
from inbox.errors import NotAmongTheirIds
from inbox.models import Chat
from inbox.policy import phone_number_of, snooze_choices, zone_named
from inbox.selectors.chat_list import title_of
from inbox.selectors.labels import labels_of, labels_on
from inbox.selectors.people import takers_of
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from kernel.clock import now
from kernel.errors import NotFound
from workspaces.access import require
from workspaces.roles import Permission
from workspaces.views.guard import member_view


@member_view
@require_safe
@in_words
def chat_pick(request: HttpRequest, chat_id: uuid.UUID, what: str) -> HttpResponse:
    chat = chat_for(request.member, chat_id)
    require(request.member, Permission.WRITE_MESSAGES)
    if what not in CHOICES:
        raise NotFound
    context = {**fragment_context(request.member), "chat": chat, **CHOICES[what](request, chat)}
    return render(request, f"inbox/_pick_{what}.html", context)


def _assign(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    """Me first, then the others by name; only those who see the chat."""
    takers = sorted(takers_of(chat), key=lambda taker: taker.member.pk != request.member.pk)
    return {"takers": takers}


def _labels(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    return {
        "labels": list(labels_of(request.member)),
        "worn": {label.pk for label in labels_on([chat.pk]).get(chat.pk, ())},
        "manages": request.member.may(Permission.MANAGE_TEAM_WORK),
    }


def _snooze(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    zone = zone_named(request.GET.get("zone", ""))
    return {"zone": zone, "choices": snooze_choices(now(), zone)}


def _separate(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    """The question before an id leaves the contact."""
    wa_id = request.GET.get("wa_id", "")
    theirs = [address.wa_id for address in chat.contact.addresses.all()] if chat.contact else []
    if wa_id not in theirs or wa_id == chat.wa_chat_id:
        raise NotAmongTheirIds
    return {"wa_id": wa_id, "shown": phone_number_of(wa_id) or wa_id, "title": title_of(chat)}


CHOICES = {"assign": _assign, "labels": _labels, "snooze": _snooze, "separate": _separate}
