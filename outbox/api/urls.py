"""REST routes of the outbox app."""

from django.urls import path

from outbox.api import views

urlpatterns = [
    path("outbox", views.Items.as_view(), name="api-outbox"),
    path("outbox/lanes", views.Lanes.as_view(), name="api-lanes"),
    path("outbox/lanes/<uuid:lane_id>/pause", views.PauseLane.as_view(), name="api-lane-pause"),
    path("outbox/lanes/<uuid:lane_id>/resume", views.ResumeLane.as_view(), name="api-lane-resume"),
]
