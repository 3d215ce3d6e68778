"""Liveness, readiness, metrics, cron."""

from django.urls import path

from config import cron, health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.prometheus, name="metrics"),
    path("api/cron/process-outbox", cron.process_outbox, name="cron-process-outbox"),
]
