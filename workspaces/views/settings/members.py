"""Who is in the workspace, with which role; invitations by link."""

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kernel.errors import DomainError
from workspaces.forms import InviteForm, RoleForm, roles_up_to, show_refusal
from workspaces.roles import PERMISSIONS, Permission, Role
from workspaces.selectors.people import members_of, open_invitations_of
from workspaces.services import inviting, membership
from workspaces.views.answering import tell
from workspaces.views.guard import member_view, requires


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_MEMBERS)
def members(request: HttpRequest) -> HttpResponse:
    """The list; a POST invites somebody and shows the link, this once."""
    form, status = _invite_form(request, request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                invitation, token = inviting.invite(actor=request.member, **form.cleaned_data)
            except DomainError as refusal:
                show_refusal(form, refusal)
                status = refusal.status
            else:
                path = reverse("workspaces:invitation", kwargs={"token": token})
                link = f"{settings.PUBLIC_URL}{path}"
                return _page(request, _invite_form(request), 201, link=link, invitation=invitation)
    return _page(request, form, status)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def change_role(request: HttpRequest, member_id: uuid.UUID) -> HttpResponse:
    form = RoleForm(request.POST, limit=request.member.role)
    if form.is_valid():
        role = form.cleaned_data["role"]
        tell(
            request,
            lambda: membership.change_role(actor=request.member, member_id=member_id, role=role),
            done=_("The role is now %(role)s.") % {"role": Role(role).label.lower()},
        )
    return redirect("workspaces:settings-members", slug=request.workspace.slug)


@require_POST
@member_view
def remove(request: HttpRequest, member_id: uuid.UUID) -> HttpResponse:
    """Take out somebody, or leave."""
    leaving = member_id == request.member.pk
    removed = tell(
        request,
        lambda: membership.remove(actor=request.member, member_id=member_id),
        done=_("You left %(workspace)s.") % {"workspace": request.workspace.name}
        if leaving
        else _("Removed. What they wrote stays, under their name."),
    )
    if leaving:
        return redirect("workspaces:home") if removed else redirect("workspaces:settings", slug=request.workspace.slug)
    return redirect("workspaces:settings-members", slug=request.workspace.slug)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def revoke_invitation(request: HttpRequest, invitation_id: uuid.UUID) -> HttpResponse:
    tell(
        request,
        lambda: inviting.revoke(actor=request.member, invitation_id=invitation_id),
        done=_("The invitation is revoked. Its link no longer works."),
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
            "own_roles": roles_up_to(request.member.role),
            "may_change": [role for role, _ in roles_up_to(request.member.role)],
            "table": role_table(),
            **shown_once,
        },
        status=status,
    )


def _invite_form(request: HttpRequest, data: QueryDict | None = None) -> InviteForm:
    return InviteForm(data, limit=request.member.role)


def role_table() -> list[tuple[str, list[bool]]]:
    """What each role may do, as rows for people: (deed, [owner, admin, agent, viewer])."""
    return [
        (capfirst(_(permission.value)), [permission in PERMISSIONS[role] for role in Role]) for permission in Permission
    ]
