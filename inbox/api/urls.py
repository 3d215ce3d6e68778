"""REST routes of the inbox app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
