"""The URL that lets a cron service drain the outbox, for hosts that run no processes of their own."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.health import carries, refusal
from outbox.services.relaying import drain_once

CRON_MAX_SECONDS = 25
"""Cron services wait 30 s or more for an answer."""


@never_cache
@csrf_exempt
@require_POST
def process_outbox(request: HttpRequest) -> HttpResponse:
    """Drain the outbox once, as `manage.py drain_outbox --once` does. Beside a living relay it finds nothing to do."""
    if not settings.CRON_SECRET:
        return refusal(503, "CRON_SECRET is not set, so this URL is closed; see .env.example.")
    if not carries(request, settings.CRON_SECRET):
        return refusal(401, "Bring CRON_SECRET as a bearer token.")
    return JsonResponse(drain_once(max_seconds=CRON_MAX_SECONDS).as_dict())
