"""Labels of the workspace."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inbox.selectors.settings import labels_with_use
from inbox.services.labelling import change_label, create_label, delete_label
from inbox.views.settings.posted import number, posted_key
from workspaces.roles import Permission
from workspaces.views.answering import tell
from workspaces.views.guard import requires

COLOURS = (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22)
"""Hues that the eye tells apart, of the 24 of the style sheet."""


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_TEAM_WORK)
def labels(request: HttpRequest) -> HttpResponse:
    """The list; a POST makes, changes or deletes one."""
    if request.method == "POST":
        actor, post = request.member, request.POST
        named = {"name": post.get("name", "").replace("\x00", ""), "hue": number(post.get("hue", ""), 0)}
        match post.get("deed"):
            case "delete":
                tell(request, lambda: delete_label(actor=actor, label_id=posted_key(post)), done=_("It is gone."))
            case "change":
                tell(request, lambda: change_label(actor=actor, label_id=posted_key(post), **named), done=_("Saved."))
            case _:
                tell(request, lambda: create_label(actor=actor, **named), done=_("The label is there."))
        return redirect("inbox:settings-labels", slug=request.workspace.slug)
    found = list(labels_with_use(request.workspace))
    free = [hue for hue in COLOURS if hue not in {label.hue for label in found}]
    context = {"section": "labels", "labels": found, "colours": COLOURS, "next_colour": (free or COLOURS)[0]}
    return render(request, "inbox/settings_labels.html", context)
