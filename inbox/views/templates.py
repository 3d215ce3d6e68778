"""Approved texts for a chat whose customer has not written for a day: chosen, filled and sent."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from channels_app.errors import NoSuchTemplate, TemplateNotUsable
from channels_app.models import MessageTemplate
from channels_app.selectors.templates import usable_templates
from channels_app.services.templates import blanks_of, preview_of
from inbox.access import chat_for
from inbox.jobs import Draft
from inbox.models import Chat
from inbox.services.sending import send_message
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from kernel.ids import new_id
from workspaces.access import require
from workspaces.roles import Permission
from workspaces.views.guard import member_view

BLANK = "blank:"


@member_view
@require_http_methods(["GET", "HEAD", "POST"])
@in_words
def template_picker(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """The templates of the chat's number, each with a form for its blanks; POST sends one."""
    chat = chat_for(request.member, chat_id)
    require(request.member, Permission.WRITE_MESSAGES)
    context = {**fragment_context(request.member), "chat": chat, "manages": _manages(request)}
    if request.method == "POST":
        try:
            _send(request, chat)
        except (NoSuchTemplate, TemplateNotUsable) as refusal:
            context["complaint"] = refusal.message
        else:
            return render(request, "inbox/_templates.html", {**context, "sent": True}, status=202)
    return render(request, "inbox/_templates.html", {**context, **_found(request, chat)})


def _send(request: HttpRequest, chat: Chat) -> None:
    name, _, language = request.POST.get("template", "").rpartition("/")
    values = {
        key.removeprefix(BLANK): value.replace("\x00", "").strip()
        for key, value in request.POST.items()
        if key.startswith(BLANK)
    }
    send_message(
        actor=request.member,
        chat=chat,
        client_id=request.POST.get("client_id", ""),
        draft=Draft(type="template", template={"name": name, "language": language, "variables": values}),
    )


def _found(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    """Those whose name or words hold what is searched."""
    words = request.GET.get("q", "").strip().lower()
    templates = [_shown(request, one) for one in usable_templates(chat.channel_id)]
    found = [one for one in templates if words in f"{one['template'].name} {one['preview']}".lower()]
    asked = next((one["key"] for one in found if one["key"] == request.POST.get("template")), "")
    return {"templates": found, "words": words, "any": bool(templates), "asked": asked}


def _shown(request: HttpRequest, template: MessageTemplate) -> dict[str, Any]:
    """With what was typed already, when the form comes back."""
    key = f"{template.name}/{template.language}"
    typed = request.POST if request.POST.get("template") == key else {}
    return {
        "template": template,
        "key": key,
        "preview": preview_of(template),
        "client_id": typed.get("client_id") or new_id(),
        "blanks": [
            {"name": f"{BLANK}{blank.key}", "label": blank.key, "example": blank.example}
            | {"value": typed.get(f"{BLANK}{blank.key}", "")}
            for blank in blanks_of(template)
        ],
    }


def _manages(request: HttpRequest) -> bool:
    return request.member.may(Permission.MANAGE_CHANNELS)
