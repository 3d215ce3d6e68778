"""URLs of the channels app."""

from django.urls import path

from channels_app.views import detail, listing

app_name = "channels_app"
urlpatterns = [
    path("w/<slug:slug>/channels/", listing.channel_list, name="channel-list"),
    path("w/<slug:slug>/channels/cards/", listing.channel_cards, name="channel-cards"),
    path("w/<slug:slug>/channels/add/", detail.add, name="channel-add"),
    path("w/<slug:slug>/channels/simulator/", detail.simulate, name="channel-simulate"),
    path("w/<slug:slug>/channels/<uuid:channel_id>/", detail.detail, name="channel-detail"),
    path("w/<slug:slug>/channels/<uuid:channel_id>/link/", detail.link, name="channel-link"),
    path("w/<slug:slug>/channels/<uuid:channel_id>/name/", detail.rename, name="channel-rename"),
    path("w/<slug:slug>/channels/<uuid:channel_id>/token/", detail.replace_values, name="channel-token"),
    path("w/<slug:slug>/channels/<uuid:channel_id>/pairing-code/", detail.pair, name="channel-pair"),
    path(
        "w/<slug:slug>/channels/<uuid:channel_id>/webhook-secret/",
        detail.replace_webhook_secret,
        name="channel-webhook-secret",
    ),
    path("w/<slug:slug>/channels/<uuid:channel_id>/<slug:deed>/", detail.act, name="channel-act"),
]
