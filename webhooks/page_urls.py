"""URLs of the inbound log's pages; webhooks/urls.py takes them in."""

from django.urls import path

from webhooks.views import pages

urlpatterns = [
    path("w/<slug:slug>/webhooks/", pages.event_list, name="event-list"),
    path("w/<slug:slug>/webhooks/replay/", pages.shown_replay, name="shown-replay"),
    path("w/<slug:slug>/webhooks/<uuid:event_id>/", pages.event_detail, name="event-detail"),
    path("w/<slug:slug>/webhooks/<uuid:event_id>/body/", pages.event_body, name="event-body"),
    path("w/<slug:slug>/webhooks/<uuid:event_id>/replay/", pages.event_replay, name="event-replay"),
]
