"""Wiring of the inbox."""

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"
    verbose_name = "Inbox"

    def ready(self) -> None:
        from inbox import subscribers  # models exist only now
        from inbox.workers import KINDS
        from outbox.registry import register

        for kind in KINDS:
            register(kind)
        subscribers.listen()
