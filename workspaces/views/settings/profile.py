"""My name, theme, keyboard and password."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from workspaces.forms import PasswordForm, ProfileForm
from workspaces.models import User
from workspaces.services.profiles import change_password, change_profile, change_theme
from workspaces.views.guard import member_view, place_in, sign_in_first
from workspaces.views.signing_in import safe_place

THEMES = {value for value, _ in User._meta.get_field("theme").choices}


@require_safe
@member_view
def start(request: HttpRequest) -> HttpResponse:
    return redirect("workspaces:settings-profile", slug=request.workspace.slug)


@require_http_methods(["GET", "POST"])
@member_view
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        change_profile(user=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("workspaces:settings-profile", slug=request.workspace.slug)
    return _page(request, form, PasswordForm(user=request.user))


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """The switch in the menu: it belongs to the person, not to a workspace."""
    if not request.user.is_authenticated:
        return sign_in_first(request)
    if request.POST.get("theme") in THEMES:
        change_theme(user=request.user, theme=request.POST["theme"])
    return redirect(safe_place(place_in(request.headers.get("Referer", ""))))


@sensitive_post_parameters()
@require_POST
@member_view
def password(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, ProfileForm(instance=request.user), form)
    change_password(user=request.user, password=form.cleaned_data["new"])
    update_session_auth_hash(request, request.user)
    messages.success(request, _("Your password is changed. Other browsers are signed out."))
    return redirect("workspaces:settings-profile", slug=request.workspace.slug)


def _page(request: HttpRequest, form: ProfileForm, password_form: PasswordForm) -> HttpResponse:
    refused = form.errors or password_form.errors
    return render(
        request,
        "workspaces/settings_profile.html",
        {"form": form, "password_form": password_form, "section": "profile"},
        status=400 if refused else 200,
    )
