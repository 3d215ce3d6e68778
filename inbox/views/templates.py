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
from inbox.errors import MediaTooLarge
from inbox.jobs import Draft
from inbox.models import Chat
from inbox.services.attachments import store_upload
from inbox.services.sending import send_message
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from kernel.ids import new_id
from workspaces.access import require
from workspaces.roles import Permission
from workspaces.views.guard import member_view

BLANK, FILE = "blank:", "file:"
TAKES = {"image": "image/jpeg,image/png", "video": "video/mp4,video/3gpp"}
"""What a picker of files offers; a document may be anything."""


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
        except (NoSuchTemplate, TemplateNotUsable, MediaTooLarge) as refusal:
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
    template = {"name": name, "language": language, "variables": values}
    send_message(
        actor=request.member,
        chat=chat,
        client_id=request.POST.get("client_id", ""),
        draft=Draft(type="template", template=template, attachment_id=_uploaded(request)),
    )


def _uploaded(request: HttpRequest) -> uuid.UUID | None:
    """The file for the template's head, if one was picked. Raises Invalid, MediaTooLarge."""
    for field, file in request.FILES.items():
        if field.startswith(FILE):
            kind, mime_type = field.removeprefix(FILE), file.content_type or ""
            kept = store_upload(
                actor=request.member, file=file, file_name=file.name or "", mime_type=mime_type, kind=kind
            )
            return kept.pk
    return None


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
            | {"file": f"{FILE}{blank.file}" if blank.file else "", "takes": TAKES.get(blank.file, "")}
            | {"value": typed.get(f"{BLANK}{blank.key}", "")}
            for blank in blanks_of(template)
        ],
    }


def _manages(request: HttpRequest) -> bool:
    return request.member.may(Permission.MANAGE_CHANNELS)
