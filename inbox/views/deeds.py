"""What the team does with a chat; each deed answers with the chat's row as it then stands, and what it says of it."""

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inbox.access import chat_for
from inbox.models import Chat
from inbox.policy import zone_named
from inbox.selectors.chat_list import chat_row
from inbox.selectors.standings import standings_seen_by
from inbox.services.assigning import assign_chat, mute_chat
from inbox.services.contacts import update_contact
from inbox.services.identities import separate
from inbox.services.labelling import put_label, take_label
from inbox.services.reading import mark_unread
from inbox.services.shelving import finish_chat, reopen_chat, snooze_chat
from inbox.states import ChatState
from inbox.views.asked import key_of
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from kernel.errors import Invalid, NotFound
from workspaces.models import Member
from workspaces.selectors.people import members_of
from workspaces.views.guard import member_view

FOREVER = "9999-01-01T00:00:00+00:00"


@member_view
@require_POST
@in_words
def chat_state(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """`state` open, done or snoozed; a snooze ends at `until`, which without an offset is in `zone`."""
    actor, chat = request.member, chat_for(request.member, chat_id)
    undo = {"state": chat.state, "until": chat.snoozed_until.isoformat() if chat.snoozed_until else ""}
    match request.POST.get("state"):
        case ChatState.DONE:
            finish_chat(actor=actor, chat=chat)
            said = _("Done.")
        case ChatState.SNOOZED:
            snooze_chat(actor=actor, chat=chat, until=_moment(request))
            said = _("Snoozed until")
        case ChatState.OPEN:
            reopen_chat(actor=actor, chat=chat)
            said = _("Open again.")
        case _:
            raise Invalid(_("A chat is open, snoozed or done."), fields={"state": ["not a state"]})
    if request.POST.get("undone"):
        return _told(request, chat.pk)
    return _told(request, chat.pk, said=said, until=chat.snoozed_until, undo=undo, undo_url="chat-state")


@member_view
@require_POST
@in_words
def chat_assign(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Give the chat to the member named, or to nobody."""
    chat = chat_for(request.member, chat_id)
    undo = {"member": chat.assigned_to_id or ""}
    member = _member(request)
    assign_chat(actor=request.member, chat=chat, member=member)
    if request.POST.get("undone"):
        return _told(request, chat.pk)
    said = _("Assigned to %(name)s.") % {"name": member.user.name} if member else _("Assigned to nobody.")
    return _told(request, chat.pk, said=said, undo=undo, undo_url="chat-assign")


@member_view
@require_POST
@in_words
def chat_label(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Put a label on with `on`, or take it off."""
    chat = chat_for(request.member, chat_id)
    deed = put_label if request.POST.get("on") else take_label
    deed(actor=request.member, chat=chat, label_id=key_of(request.POST.get("label", "")))
    return _told(request, chat.pk)


@member_view
@require_POST
@in_words
def chat_mute(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """No notifications of this chat with `on`, until somebody takes that back."""
    chat = chat_for(request.member, chat_id)
    until = parse_datetime(FOREVER) if request.POST.get("on") else None
    mute_chat(actor=request.member, chat=chat, until=until)
    return _told(request, chat.pk, said=_("Muted for the team.") if until else _("No longer muted."))


@member_view
@require_POST
@in_words
def chat_unread(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    chat = chat_for(request.member, chat_id)
    mark_unread(actor=request.member, chat=chat)
    return _told(request, chat.pk, said=_("Marked as unread."))


@member_view
@require_POST
@in_words
def chat_contact(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Our name for the customer, and what the team knows of them."""
    chat = _chat_with_contact(request, chat_id)
    given = {name: request.POST[name].replace("\x00", "") for name in ("name", "notes") if name in request.POST}
    if "name" in given:
        given["name"] = " ".join(given["name"].split())
    for name, limit in (("name", 200), ("notes", 20_000)):
        if len(given.get(name, "")) > limit:
            raise Invalid(
                _("That is too long: at most %(limit)d characters.") % {"limit": limit}, fields={name: ["long"]}
            )
    update_contact(actor=request.member, contact=chat.contact, **given)
    return _told(request, chat.pk, said=_("Saved."))


@member_view
@require_POST
@in_words
def chat_separate(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Somebody else goes by the id `wa_id`: it leaves the contact, with what came under it."""
    chat = _chat_with_contact(request, chat_id)
    separate(actor=request.member, contact=chat.contact, wa_id=request.POST.get("wa_id", ""))
    return _told(request, chat.pk, said=_("Taken off. It is a contact of its own now, with a chat of its own."))


def _chat_with_contact(request: HttpRequest, chat_id: uuid.UUID) -> Chat:
    chat = chat_for(request.member, chat_id)
    if chat.contact is None:
        raise NotFound(_("This chat has no contact."))
    return chat


def _told(request: HttpRequest, chat_id: uuid.UUID, *, undo_url: str = "", **said: Any) -> HttpResponse:
    member: Member = request.member
    if not request.htmx:
        return redirect("inbox:chat-detail", slug=member.workspace.slug, chat_id=chat_id)
    context = {
        **fragment_context(member),
        "row": chat_row(member, chat_id),
        "standings": standings_seen_by(member),
        "undo_url": undo_url,
        **said,
    }
    return render(request, "inbox/_told.html", context)


def _moment(request: HttpRequest) -> Any:
    """Raises Invalid."""
    try:
        moment = parse_datetime(request.POST.get("until", ""))
    except ValueError:
        moment = None
    if moment is None:
        raise Invalid(_("Choose a day and a time."), fields={"until": ["not a time"]})
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone_named(request.POST.get("zone", ""))))
    return moment


def _member(request: HttpRequest) -> Member | None:
    """The member named; None when nobody is. Raises NotFound."""
    asked = request.POST.get("member", "")
    if not asked:
        return None
    member = members_of(request.workspace).filter(pk=key_of(asked)).first()
    if member is None:
        raise NotFound(_("That person is not a member any more."))
    return member
