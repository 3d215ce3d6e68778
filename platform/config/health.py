"""Liveness, readiness, metrics: for load balancers and for Prometheus."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from config import checks, metrics
from kernel import signing
from kernel.api import problem


@never_cache
@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every check holds, else 503; each check by name. Says nothing about anybody's data."""
    findings = checks.findings()
    ready = all(finding.ok for finding in findings.values())
    body = {
        "status": "ready" if ready else "not ready",
        "checks": {name: {"ok": finding.ok, "detail": finding.detail} for name, finding in findings.items()},
    }
    return JsonResponse(body, status=200 if ready else 503)


@never_cache
@require_GET
def prometheus(request: HttpRequest) -> HttpResponse:
    """For whoever brings METRICS_TOKEN, and for signed-in staff."""
    if not (carries(request, settings.METRICS_TOKEN) or (request.user.is_active and request.user.is_staff)):
        return refusal(401, "Bring METRICS_TOKEN as a bearer token, or sign in as staff.")
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


def carries(request: HttpRequest, secret: str) -> bool:
    """Whether the request brings `secret` as its bearer token; an unset secret opens nothing."""
    scheme, _, candidate = request.headers.get("Authorization", "").partition(" ")
    return bool(secret) and scheme.lower() == "bearer" and signing.matches(candidate.strip(), secret)


def refusal(status: int, sentence: str) -> HttpResponse:
    code, title = {401: ("not_authenticated", "NotAuthenticated"), 503: ("not_configured", "NotConfigured")}[status]
    headers = {"WWW-Authenticate": 'Bearer realm="Waybill"'} if status == 401 else {}
    return problem(status, code, title, sentence, headers=headers)
