"""Makes cross-app commands discoverable."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
