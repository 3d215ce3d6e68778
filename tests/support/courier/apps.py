"""Registers the kind, and takes guards out of the relay where a test asks for it."""

import os
from datetime import datetime
from importlib import import_module

from django.apps import AppConfig

from kernel import http
from outbox.errors import OutcomeUnknown, TryAgain
from outbox.registry import Accepted, Job, Kind, register

COURIER = "test.courier"


class CourierConfig(AppConfig):
    name = "tests.support.courier"
    label = "courier"

    def ready(self) -> None:
        register(Kind(COURIER, perform=deliver, settle=lambda settled: None, look_up=look_up))
        if names := os.environ.get("COURIER_SABOTAGE", "").split():
            sabotage = import_module("tests.support.sabotage")  # models can be imported only now
            for name in names:
                getattr(sabotage, name)(setattr)


def deliver(job: Job) -> Accepted:
    try:
        answer = http.request(
            "POST",
            job.payload["url"],
            json={"chat": str(job.order_key), "text": job.payload["text"]},
            deadline=job.deadline_seconds,
            max_bytes=10_000,
            allow_private=True,
        )
    except http.NotSent as error:
        raise TryAgain(error.code, error.detail) from error
    except http.NoAnswer as error:
        raise OutcomeUnknown(error.code, error.detail) from error
    return Accepted(answer.body.decode())


def look_up(job: Job, attempted_at: datetime) -> Accepted | None:
    answer = http.request(
        "GET", f"{job.payload['url']}{job.payload['text']}", deadline=5, max_bytes=10_000, allow_private=True
    )
    return Accepted(answer.body.decode()) if answer.status == 200 else None
