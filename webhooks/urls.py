"""URLs of the webhooks app."""

from django.urls import include, path

from webhooks.views.receiving import receive

app_name = "webhooks"
urlpatterns = [
    path("api/webhooks/<slug:provider>/<str:channel_id>", receive, name="event-receive"),
    path("api/webhooks/<slug:provider>/<str:channel_id>/<path:suffix>", receive, name="event-receive-kind"),
    path("", include("webhooks.page_urls")),
]
