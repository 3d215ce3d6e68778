"""REST routes of the channels_app app."""

from django.urls import path

from channels_app.api import templates, views

urlpatterns = [
    path("channels", views.Channels.as_view(), name="api-channels"),
    path("channels/<uuid:channel_id>", views.OneChannel.as_view(), name="api-channel"),
    path("channels/<uuid:channel_id>/connect", views.Connect.as_view(), name="api-channel-connect"),
    path("channels/<uuid:channel_id>/disconnect", views.Disconnect.as_view(), name="api-channel-disconnect"),
    path("channels/<uuid:channel_id>/reconnect", views.Reconnect.as_view(), name="api-channel-reconnect"),
    path("channels/<uuid:channel_id>/logout", views.LogOut.as_view(), name="api-channel-logout"),
    path("channels/<uuid:channel_id>/pairing-code", views.PairingCode.as_view(), name="api-channel-pairing-code"),
    path("channels/<uuid:channel_id>/sync-groups", views.SyncGroups.as_view(), name="api-channel-sync-groups"),
    path("channels/<uuid:channel_id>/keep-chats", views.KeepChats.as_view(), name="api-channel-keep-chats"),
    path("channels/<uuid:channel_id>/archive-chats", views.ArchiveChats.as_view(), name="api-channel-archive-chats"),
    path("channels/<uuid:channel_id>/templates", templates.Templates.as_view(), name="api-channel-templates"),
    path(
        "channels/<uuid:channel_id>/templates/sync",
        templates.SyncTemplates.as_view(),
        name="api-channel-templates-sync",
    ),
    path("channels/<uuid:channel_id>/qr", views.Qr.as_view(), name="api-channel-qr"),
]
