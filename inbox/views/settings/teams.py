"""Teams, and which channels are kept for which."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from channels_app.access import channel_for
from channels_app.services.restricting import keep_for_teams
from inbox.selectors.settings import channels_with_rules, teams_of
from inbox.views.settings.posted import posted_key, posted_keys
from workspaces.roles import Permission
from workspaces.selectors.people import members_of
from workspaces.services.teams import change_team, create_team, delete_team
from workspaces.views.answering import tell
from workspaces.views.guard import requires


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_TEAM_WORK)
def teams(request: HttpRequest) -> HttpResponse:
    """The list; a POST makes, changes or deletes a team, or says who sees a channel."""
    if request.method == "POST":
        _change(request)
        return redirect("inbox:settings-teams", slug=request.workspace.slug)
    context = {
        "section": "teams",
        "teams": teams_of(request.workspace),
        "members": members_of(request.workspace),
        "channels": channels_with_rules(request.workspace),
    }
    return render(request, "inbox/settings_teams.html", context)


def _change(request: HttpRequest) -> None:
    actor, post = request.member, request.POST
    name = post.get("name", "").replace("\x00", "")
    match post.get("deed"):
        case "delete":
            tell(request, lambda: delete_team(actor=actor, team_id=posted_key(post)), done=_("The team is dissolved."))
        case "change":
            members = posted_keys(post, "member")
            tell(
                request,
                lambda: change_team(actor=actor, team_id=posted_key(post), name=name, member_ids=members),
                done=_("Saved."),
            )
        case "channel":
            channel = channel_for(actor, posted_key(post))
            seen_by = posted_keys(post, "team")
            tell(
                request,
                lambda: keep_for_teams(actor=actor, channel=channel, team_ids=seen_by),
                done=_("Saved. Open pages follow at once."),
            )
        case _:
            tell(request, lambda: create_team(actor=actor, name=name), done=_("Now choose who is in it."))
