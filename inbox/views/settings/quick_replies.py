"""Texts that are written often."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inbox.selectors.quick_replies import VARIABLES
from inbox.selectors.settings import quick_replies_of
from inbox.services.quick_replies import delete_quick_reply, save_quick_reply
from inbox.views.settings.posted import posted_key
from workspaces.roles import Permission
from workspaces.views.answering import tell
from workspaces.views.guard import requires


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_TEAM_WORK)
def quick_replies(request: HttpRequest) -> HttpResponse:
    """The list; a POST makes, changes or deletes one."""
    if request.method == "POST":
        actor, post = request.member, request.POST
        said = {"shortcut": post.get("shortcut", "").replace("\x00", ""), "text": post.get("text", "")}
        if post.get("deed") == "delete":
            tell(request, lambda: delete_quick_reply(actor=actor, reply_id=posted_key(post)), done=_("It is gone."))
        else:
            reply_id = posted_key(post) if post.get("deed") == "change" else None
            tell(request, lambda: save_quick_reply(actor=actor, reply_id=reply_id, **said), done=_("Saved."))
        return redirect("inbox:settings-quick-replies", slug=request.workspace.slug)
    context = {"section": "quick-replies", "replies": quick_replies_of(request.workspace), "variables": VARIABLES}
    return render(request, "inbox/settings_quick_replies.html", context)
