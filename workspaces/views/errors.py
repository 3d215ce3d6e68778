"""What a person reads when a page cannot be shown: what happened, and the way back."""

import logging
import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt

from kernel.api import problem
from workspaces.selectors.people import helpers_of

log = logging.getLogger("waybill.errors")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return no_such_address(request)
    return render(request, "errors/404.html", status=404)


@csrf_exempt
def no_such_address(request: HttpRequest) -> HttpResponse:
    """For programs. It changes nothing, so it asks for no token of a form."""
    return problem(404, "not_found", "NotFound", "There is nothing at this address.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Names who can help, when the person is a member."""
    if _is_api(request):
        return problem(403, "forbidden", "Forbidden", "Your role does not allow this.")
    member = getattr(request, "member", None)
    helpers = [name for name in helpers_of(member.workspace) if name != member.user.name] if member else []
    return render(request, "errors/403.html", {"helpers": helpers, "reason": str(exception)}, status=403)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without the token of its session: an old tab, or another site."""
    log.info("form.refused path=%s reason=%s", request.path, reason)
    return render(request, "errors/403_csrf.html", status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """Asks nothing of the database or the session: they may be what is broken."""
    request_id = f"req-{uuid.uuid4().hex[:12]}"
    log.error("request.broken id=%s method=%s path=%s", request_id, request.method, request.path, exc_info=True)
    if _is_api(request):
        detail = f"Something broke on our side. Nothing is known to be done. Request id: {request_id}"
        return problem(500, "broken", "ServerError", detail, headers={"X-Request-Id": request_id})
    page = render_to_string("errors/500.html", {"request_id": request_id})
    return HttpResponse(page, status=500, headers={"X-Request-Id": request_id})


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
