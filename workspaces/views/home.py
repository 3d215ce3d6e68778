"""The start page: to the inbox of the workspace last opened; and the page that switches between workspaces."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from workspaces.selectors.people import any_workspace, memberships_of
from workspaces.views.guard import member_view, sign_in_first

INBOX = "/w/{slug}/inbox/"  # the public address: this floor knows nothing of the inbox itself


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    if not any_workspace():
        return render(request, "workspaces/first_run.html")
    if not request.user.is_authenticated:
        return sign_in_first(request)
    members = list(memberships_of(request.user))
    if not members:
        return render(request, "workspaces/switch.html", {"members": []})
    last = request.session.get("workspace")
    chosen = next((member for member in members if member.workspace.slug == last), members[0])
    return redirect(INBOX.format(slug=chosen.workspace.slug))


@require_safe
@member_view
def open_workspace(request: HttpRequest) -> HttpResponse:
    return redirect(INBOX.format(slug=request.workspace.slug))


@require_safe
@never_cache
def switch(request: HttpRequest) -> HttpResponse:
    """The workspaces of the person who is signed in."""
    if not request.user.is_authenticated:
        return sign_in_first(request)
    members = list(memberships_of(request.user))
    return render(request, "workspaces/switch.html", {"members": members, "last": request.session.get("workspace", "")})
