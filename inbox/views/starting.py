"""Writing to somebody first: choose a number of ours and a person."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from channels_app.access import channel_for, channels_visible_to
from inbox.policy import phone_number_of
from inbox.selectors.contacts import contact_page
from inbox.services.sending import start_chat
from inbox.views.asked import key_or_none, words_in
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from kernel.errors import Invalid
from workspaces.access import require
from workspaces.roles import Permission
from workspaces.views.guard import member_view

FOUND = 8


@member_view
@require_http_methods(["GET", "HEAD", "POST"])
@in_words
def chat_new(request: HttpRequest) -> HttpResponse:
    """The form; a POST finds or makes the chat and answers with its address, as X-Open for scripts."""
    require(request.member, Permission.WRITE_MESSAGES)
    if request.method != "POST":
        channels = channels_visible_to(request.member).order_by("name", "id")
        return render(request, "inbox/_new_chat.html", {**fragment_context(request.member), "channels": channels})
    key = key_or_none(request.POST.get("channel", ""))
    if key is None:
        raise Invalid(_("Choose the number to write from."), fields={"channel": ["needed"]})
    to = request.POST.get("to", "").replace("\x00", "").strip()
    if not to:
        raise Invalid(_("Write a phone number with its country code, or choose a contact."), fields={"to": ["needed"]})
    chat = start_chat(actor=request.member, channel=channel_for(request.member, key), to=to)
    address = reverse("inbox:chat-detail", args=[request.workspace.slug, chat.pk])
    return HttpResponse(status=204, headers={"X-Open": address}) if request.htmx else redirect(address)


@member_view
@require_safe
@in_words
def chat_people(request: HttpRequest) -> HttpResponse:
    """Contacts whose name or number begins so."""
    require(request.member, Permission.WRITE_MESSAGES)
    q = words_in(request.GET)
    people = [_person(contact) for contact in contact_page(request.member, q=q, limit=FOUND).rows] if q else []
    return render(request, "inbox/_people_found.html", {"people": [one for one in people if one["to"]]})


def _person(contact: Any) -> dict[str, Any]:
    ids = sorted((address.wa_id for address in contact.addresses.all()), key=lambda wa_id: not phone_number_of(wa_id))
    to = ids[0] if ids else ""
    return {"contact": contact, "to": phone_number_of(to) or to, "name": contact.display_name}
