"""Tells the simulators which numbers the demo has and where their webhooks go, as a person would at a provider."""

import json
from collections.abc import Mapping

from django.conf import settings

from channels_app.models import Channel
from channels_app.states import SENDS
from config.demo.cast import WORKSPACES, Number, demo_providers, simulator_url
from config.demo.seeding import TOLD, webhook_secret
from kernel import http

CALL_SECONDS = 5.0


def simulators_answer() -> bool:
    try:
        return all(_call(provider, "GET", "channels").status == 200 for provider in demo_providers())
    except http.HttpFailure:
        return False


def introduce_numbers() -> None:
    """At every start, because PORT may have moved the webhook address."""
    for number in (number for demo in WORKSPACES for number in demo.numbers):
        channel = Channel.objects.living().filter(settings__demo=number.key).first()
        if channel is None:
            continue  # a visitor removed it
        known = introduction(
            number,
            linked=channel.status in SENDS,
            webhook_url=f"{settings.PUBLIC_URL}/api/webhooks/{number.provider}/{channel.pk}",
            secret=webhook_secret(number),
            told=number.given,
        )
        answer = _call(number.provider, "POST", "channels", known)
        if answer.status != 200:
            raise RuntimeError(f"The simulator refused the number {number.name}: {json.loads(answer.body)}")


def introduction(number: Number, *, linked: bool, webhook_url: str, secret: str, told: Mapping[str, str]) -> dict:
    """What a simulator has to know of a number. Of `told` it takes what its vendor knows."""
    return {
        "token": number.token,
        "session": number.key,
        "number": number.wa_id.partition("@")[0],
        "name": number.name,
        "state": _state(number, linked=linked),
        "webhook_url": webhook_url,
        "secret": secret,
        "persist": True,
        **{name: told[name] for name in TOLD if name in told},
    }


def _state(number: Number, *, linked: bool) -> str:
    """In the vendor's words; a number of the Cloud API has no phone that could be unlinked."""
    if number.provider == "cloud":
        return "CONNECTED"
    return "AUTH" if linked else "QR"


def _call(provider: str, method: str, name: str, values: dict | None = None) -> http.Response:
    return http.request(
        method,
        f"{simulator_url(provider)}/_sim/{name}",
        json=values,
        deadline=CALL_SECONDS,
        max_bytes=1_000_000,
        allow_private=True,
    )
