"""Who is in the workspace, with which role; invitations by link."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from kernel.errors import DomainError
from workspaces.forms import InviteForm, RoleForm
from workspaces.roles import PERMISSIONS, Permission, Role
from workspaces.selectors.people import members_of, open_invitations_of
from workspaces.services import inviting, membership
from workspaces.views.answering import tell
from workspaces.views.guard import requires


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_MEMBERS)
def members(request: HttpRequest) -> HttpResponse:
    """The list; a POST invites somebody and shows the link, this once."""
    form, link, status = InviteForm(request.POST or None), "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                invitation, token = inviting.invite(actor=request.member, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
                status = error.status
            else:
                path = reverse("workspaces:invitation", kwargs={"token": token})
                link, status = request.build_absolute_uri(path), 201
                form = InviteForm()
                return _page(request, form, status, link=link, invitation=invitation)
    return _page(request, form, status)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def change_role(request: HttpRequest, member_id: uuid.UUID) -> HttpResponse:
    form = RoleForm(request.POST)
    if form.is_valid():
        role = form.cleaned_data["role"]
        tell(
            request,
            lambda: membership.change_role(actor=request.member, member_id=member_id, role=role),
            done=f"The role is now {Role(role).label.lower()}.",
        )
    return redirect("workspaces:settings-members", slug=request.workspace.slug)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def remove(request: HttpRequest, member_id: uuid.UUID) -> HttpResponse:
    tell(
        request,
        lambda: membership.remove(actor=request.member, member_id=member_id),
        done="Removed. What they wrote stays, under their name.",
    )
    return redirect("workspaces:settings-members", slug=request.workspace.slug)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def revoke_invitation(request: HttpRequest, invitation_id: uuid.UUID) -> HttpResponse:
    tell(
        request,
        lambda: inviting.revoke(actor=request.member, invitation_id=invitation_id),
        done="The invitation is revoked. Its link no longer works.",
    )
    return redirect("workspaces:settings-members", slug=request.workspace.slug)


def _page(request: HttpRequest, form: InviteForm, status: int, **shown_once) -> HttpResponse:
    return render(
        request,
        "workspaces/settings_members.html",
        {
            "section": "members",
            "form": form,
            "members": members_of(request.workspace),
            "invitations": open_invitations_of(request.workspace),
            "roles": Role.choices,
            "table": role_table(),
            **shown_once,
        },
        status=status,
    )


def role_table() -> list[tuple[str, list[bool]]]:
    """What each role may do, as rows for people: (deed, [owner, admin, agent, viewer])."""
    return [
        (permission.value.capitalize(), [permission in PERMISSIONS[role] for role in Role]) for permission in Permission
    ]
