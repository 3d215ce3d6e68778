"""Who changed what."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from workspaces.roles import Permission
from workspaces.selectors.records import audit_page
from workspaces.views.guard import requires

ROWS = 50


@require_safe
@requires(Permission.SEE_AUDIT_LOG)
def audit(request: HttpRequest) -> HttpResponse:
    page = audit_page(request.workspace, cursor=request.GET.get("cursor"), limit=ROWS)
    return render(request, "workspaces/settings_audit.html", {"section": "audit", "page": page})
