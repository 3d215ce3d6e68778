"""REST routes of the channels_app app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
