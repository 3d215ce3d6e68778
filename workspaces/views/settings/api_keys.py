"""Keys for programs: made here, shown once, revoked here."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kernel import clock
from kernel.errors import DomainError
from workspaces.forms import ApiKeyForm, show_refusal
from workspaces.roles import Permission
from workspaces.selectors.records import living_keys_of
from workspaces.services import api_keys
from workspaces.views.answering import tell
from workspaces.views.guard import requires


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_API_KEYS)
def keys(request: HttpRequest) -> HttpResponse:
    """The list; a POST makes a key and shows it, this once."""
    limit = request.member.role
    form, status, shown_once = ApiKeyForm(request.POST or None, limit=limit), 200, {}
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                key, secret = api_keys.create_api_key(
                    actor=request.member,
                    name=form.cleaned_data["name"],
                    role=form.cleaned_data["role"],
                    expires_at=form.expires_at(),
                )
            except DomainError as refusal:
                show_refusal(form, refusal)
                status = refusal.status
            else:
                form, status, shown_once = ApiKeyForm(limit=limit), 201, {"made": key, "secret": secret}
    return render(
        request,
        "workspaces/settings_api_keys.html",
        {
            "section": "api-keys",
            "form": form,
            "keys": living_keys_of(request.workspace),
            "now": clock.now(),
            **shown_once,
        },
        status=status,
    )


@require_POST
@requires(Permission.MANAGE_API_KEYS)
def revoke(request: HttpRequest, key_id: uuid.UUID) -> HttpResponse:
    tell(
        request,
        lambda: api_keys.revoke(actor=request.member, key_id=key_id),
        done=_("The key is revoked. Programs that use it get 401 from now on."),
    )
    return redirect("workspaces:settings-api-keys", slug=request.workspace.slug)
