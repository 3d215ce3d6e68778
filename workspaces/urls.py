"""URLs of the workspaces app."""

from django.urls import path

from workspaces.views import home, invitations, signing_in
from workspaces.views.settings import api_keys, audit, members, profile

app_name = "workspaces"
urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", signing_in.sign_in_page, name="sign-in"),
    path("sign-out/", signing_in.sign_out, name="sign-out"),
    path("theme/", profile.theme, name="theme-change"),
    path("workspaces/", home.switch, name="switch"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("w/<slug:slug>/", home.open_workspace, name="open"),
    path("w/<slug:slug>/settings/", profile.start, name="settings"),
    path("w/<slug:slug>/settings/profile/", profile.profile, name="settings-profile"),
    path("w/<slug:slug>/settings/password/", profile.password, name="settings-password"),
    path("w/<slug:slug>/settings/members/", members.members, name="settings-members"),
    path("w/<slug:slug>/settings/members/<uuid:member_id>/role/", members.change_role, name="member-role"),
    path("w/<slug:slug>/settings/members/<uuid:member_id>/remove/", members.remove, name="member-remove"),
    path(
        "w/<slug:slug>/settings/invitations/<uuid:invitation_id>/revoke/",
        members.revoke_invitation,
        name="invitation-revoke",
    ),
    path("w/<slug:slug>/settings/api-keys/", api_keys.keys, name="settings-api-keys"),
    path("w/<slug:slug>/settings/api-keys/<uuid:key_id>/revoke/", api_keys.revoke, name="api-key-revoke"),
    path("w/<slug:slug>/settings/audit/", audit.audit, name="settings-audit"),
]
