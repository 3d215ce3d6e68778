"""Makes cross-app commands discoverable, and keeps the schedules as planned after every migrate."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import schedules  # needs models

        post_migrate.connect(
            schedules.register, sender=apps.get_app_config("django_q"), dispatch_uid="config.schedules"
        )
