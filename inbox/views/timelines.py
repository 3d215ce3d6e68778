"""What happened to a message, for people."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox.access import message_for
from inbox.selectors.timeline import timeline_of
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from workspaces.views.guard import member_view

EVENTS = {
    "queued": ("Written", "pencil"),
    "scheduled": ("Scheduled", "clock"),
    "waiting": ("Waited", "clock"),
    "paused": ("Paused", "pause"),
    "attempt_started": ("Attempt", "outbox"),
    "attempt_failed": ("Attempt failed", "refresh"),
    "sent": ("Sent", "tick"),
    "delivered": ("Delivered", "ticks"),
    "read": ("Read", "ticks"),
    "played": ("Played", "ticks"),
    "failed": ("Not sent", "failed"),
    "uncertain": ("May have been sent", "uncertain"),
    "resolved": ("Resolved", "check-circle"),
    "released": ("Released", "forward"),
    "cancelled": ("Cancelled", "banned"),
    "edited": ("Edited", "pencil"),
    "revoked": ("Deleted", "trash"),
    "recovered": ("Recovered", "refresh"),
}


@member_view
@require_safe
@in_words
def message_timeline(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    message = message_for(request.member, message_id)
    entries = [_entry(entry) for entry in timeline_of(message)]
    context = {**fragment_context(request.member), "message": message, "timeline": entries}
    return render(request, "inbox/_timeline.html", context)


def _entry(entry: Any) -> dict[str, Any]:
    values = entry if isinstance(entry, dict) else vars(entry)
    title, icon = EVENTS.get(values["event"], (values["event"].replace("_", " ").capitalize(), "info"))
    if values.get("attempt"):
        title = title.replace("Attempt", f"Attempt {values['attempt']}")
    return {**values, "title": title, "icon": icon}
