"""Signing in and out."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kernel.errors import DomainError
from workspaces.forms import SignInForm, show_refusal
from workspaces.selectors.people import any_workspace
from workspaces.services.signing_in import sign_in


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    place = safe_place(request.POST.get("next") or request.GET.get("next", ""))
    if request.user.is_authenticated:
        return redirect(place)
    if not any_workspace():
        return redirect("workspaces:home")  # which tells how to begin
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                user = sign_in(**form.cleaned_data, address=address_of(request))
            except DomainError as refusal:
                show_refusal(form, refusal)
                status = refusal.status
            else:
                login(request, user)
                return redirect(place)
    return render(request, "workspaces/sign_in.html", {"form": form, "next": place}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    place = safe_place(request.POST.get("next", ""))
    return redirect("workspaces:sign-in" if place == "/" else place)


def safe_place(place: str) -> str:
    """`place` when it is a page of this site, else the start page: a link must not lead a person away."""
    here = url_has_allowed_host_and_scheme(place, allowed_hosts=None) and place.startswith("/")
    return place if here else "/"


def address_of(request: HttpRequest) -> str:
    """The browser's network address. Behind a proxy that we trust, the one that the proxy added last."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        if forwarded:
            return forwarded[:45]
    return request.META.get("REMOTE_ADDR", "")
