"""REST routes of the webhooks app."""

from django.urls import path

from webhooks.api import views

urlpatterns = [
    path("webhook-events", views.WebhookEvents.as_view(), name="api-webhook-events"),
    path("webhook-events/<uuid:event_id>", views.OneWebhookEvent.as_view(), name="api-webhook-event"),
    path("webhook-events/<uuid:event_id>/replay", views.Replay.as_view(), name="api-webhook-event-replay"),
]
