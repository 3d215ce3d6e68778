"""What happened to a message, for people."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from inbox.access import message_for
from inbox.selectors.timeline import timeline_of
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from workspaces.views.guard import member_view

EVENTS = {
    "queued": (_("Written"), "pencil"),
    "scheduled": (_("Scheduled"), "clock"),
    "waiting": (_("Waited"), "clock"),
    "paused": (_("Paused"), "pause"),
    "attempt_started": (_("Attempt"), "outbox"),
    "attempt_failed": (_("Attempt failed"), "refresh"),
    "sent": (_("Sent"), "tick"),
    "delivered": (_("Delivered"), "ticks"),
    "read": (_("Read"), "ticks"),
    "played": (_("Played"), "ticks"),
    "failed": (_("Not sent"), "failed"),
    "uncertain": (_("May have been sent"), "uncertain"),
    "resolved": (_("Resolved"), "check-circle"),
    "released": (_("Released"), "forward"),
    "cancelled": (_("Cancelled"), "banned"),
    "edited": (_("Edited"), "pencil"),
    "revoked": (_("Deleted"), "trash"),
    "recovered": (_("Recovered"), "refresh"),
}

ATTEMPTS = {
    "attempt_started": _("Attempt %(number)s"),
    "attempt_failed": _("Attempt %(number)s failed"),
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
        title = ATTEMPTS.get(values["event"], title) % {"number": values["attempt"]}
    return {**values, "title": title, "icon": icon}
