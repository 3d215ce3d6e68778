"""The whole site on one screen."""

from django.contrib import admin
from django.urls import include, path, re_path

from workspaces.views.errors import no_such_address

urlpatterns = [
    path("", include("webhooks.urls")),  # first, because it is asked most
    path("", include("workspaces.urls")),
    path("", include("inbox.urls")),
    path("", include("channels_app.urls")),
    path("", include("config.outbox_urls")),
    path("", include("config.health_urls")),
    path("api/v1/", include("config.api_urls")),
    path("admin/", admin.site.urls),
    re_path(r"^api/", no_such_address, name="api-nowhere"),  # with DEBUG, Django would draw its own page
]

handler403 = "workspaces.views.errors.forbidden"
handler404 = "workspaces.views.errors.not_found"
handler500 = "workspaces.views.errors.broken"
