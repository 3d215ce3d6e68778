"""Django admin of people and workspaces: accounts are edited, everything else changes through the services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from kernel.admin import ReadOnlyAdmin, ReadOnlyInline, action_on_each
from kernel.errors import Invalid
from workspaces.access import Operator
from workspaces.models import ApiKey, AuditEntry, Invitation, Member, Team, TeamMember, User, Workspace
from workspaces.roles import Role
from workspaces.services import api_keys, founding, inviting, membership
from workspaces.services.people import clean_name

admin.site.site_header = admin.site.site_title = "Waybill"
admin.site.index_title = "Administration"


def _sign_in(request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
    """The sign-in page of everybody, which counts wrong tries. Who is signed in and still comes here may not enter."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(
        request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"), reverse("workspaces:sign-in")
    )


admin.site.login = _sign_in


def _operator(request: HttpRequest, row: Any) -> Operator:
    return Operator(user=request.user, workspace=row.workspace)


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]

    def clean_email(self) -> str:
        return self.cleaned_data["email"].strip().lower()


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str:
        return self.cleaned_data["email"].strip().lower()


@admin.register(User)
class WaybillUserAdmin(UserAdmin):
    """An account is switched off, never deleted: messages name their author."""

    form, add_form = UserForm, NewUserForm
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "created_at"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name"]}),
        ("Django admin", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Times", {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only a superuser changes a superuser, or the password of one opens every door."""
        climbs = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not climbs and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        powers = [] if request.user.is_superuser else ["is_staff", "is_superuser", "groups", "user_permissions"]
        return [*self.readonly_fields, *powers]


class WorkspaceForm(forms.ModelForm):
    class Meta:
        model = Workspace
        fields = ["name"]

    def clean_name(self) -> str:
        try:
            return clean_name(self.cleaned_data["name"], limit=founding.NAME_LIMIT)
        except Invalid as refusal:
            raise forms.ValidationError(refusal.message) from None


class MemberInline(ReadOnlyInline):
    model = Member
    fields = readonly_fields = ["user", "role", "joined_at", "removed_at"]


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    form = WorkspaceForm
    list_display = ["name", "slug", "created_at"]
    search_fields = ["name", "slug"]
    readonly_fields = ["slug", "created_at"]
    inlines = [MemberInline]

    def has_change_permission(self, request: HttpRequest, obj: Workspace | None = None) -> bool:
        return self.has_operate_permission(request)

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:
        founding.rename_workspace(actor=Operator(user=request.user, workspace=obj), name=obj.name)


def _make(role: Role) -> Any:
    word = role.label.lower()
    return action_on_each(
        f"make_{role}",
        f"Make {word}",
        lambda request, member: membership.change_role(
            actor=_operator(request, member), member_id=member.pk, role=role
        ),
        done=f"made {word}",
    )


_REMOVE = action_on_each(
    "remove",
    "Remove from the workspace",
    lambda request, member: membership.remove(actor=_operator(request, member), member_id=member.pk),
    done="removed",
)
_REVOKE_INVITATION = action_on_each(
    "revoke",
    "Revoke",
    lambda request, row: inviting.revoke(actor=_operator(request, row), invitation_id=row.pk),
    done="revoked",
)
_REVOKE_KEY = action_on_each(
    "revoke",
    "Revoke",
    lambda request, row: api_keys.revoke(actor=_operator(request, row), key_id=row.pk),
    done="revoked",
)


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ["user", "workspace", "role", "joined_at", "removed_at"]
    list_filter = ["role", "workspace"]
    search_fields = ["user__email", "user__name"]
    list_select_related = ["user", "workspace"]
    actions = [*(_make(role) for role in (Role.OWNER, Role.ADMIN, Role.AGENT, Role.VIEWER)), _REMOVE]


class TeamMemberInline(ReadOnlyInline):
    model = TeamMember
    fields = readonly_fields = ["member"]


@admin.register(Team)
class TeamAdmin(ReadOnlyAdmin):
    list_display = ["name", "workspace", "created_at"]
    list_select_related = ["workspace"]
    search_fields = ["name"]
    inlines = [TeamMemberInline]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["email", "role", "workspace", "invited_by", "expires_at", "accepted_at", "revoked_at"]
    list_filter = ["workspace"]
    search_fields = ["email"]
    list_select_related = ["workspace", "invited_by__user"]
    exclude = ["token_digest"]
    actions = [_REVOKE_INVITATION]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "hint", "role", "workspace", "last_used_at", "expires_at", "revoked_at"]
    list_filter = ["role", "workspace"]
    search_fields = ["name", "hint"]
    list_select_related = ["workspace"]
    exclude = ["digest"]
    actions = [_REVOKE_KEY]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "workspace", "actor_name", "deed", "target_type", "target_id"]
    list_filter = ["workspace", "deed"]
    search_fields = ["actor_name", "deed"]
    list_select_related = ["workspace"]
    ordering = ["-id"]
