"""URLs of the channels_app app."""

from django.urls import URLPattern

app_name = "channels_app"
urlpatterns: list[URLPattern] = []
