"""The page that an invitation's link opens."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from kernel.errors import DomainError
from workspaces.forms import NewPersonForm, show_refusal
from workspaces.models import Invitation
from workspaces.selectors.people import has_account
from workspaces.services import inviting


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Join with the account that is signed in, or with a new one."""
    try:
        invited = inviting.invitation_for(token)
    except DomainError as refusal:
        return render(request, "workspaces/invitation.html", {"error": refusal.message}, status=refusal.status)
    stage = _stage(request, invited)
    form = NewPersonForm(request.POST or None) if stage == "new" else None
    status = 200
    if request.method == "POST" and stage in {"new", "join"}:
        status = 400
        if form is None or form.is_valid():
            user, person = (request.user, {}) if form is None else (None, form.cleaned_data)
            try:
                member = inviting.accept(token=token, user=user, **person)
            except DomainError as refusal:
                if form is None:
                    context = {"error": refusal.message}
                    return render(request, "workspaces/invitation.html", context, status=refusal.status)
                show_refusal(form, refusal)
                status = refusal.status
            else:
                if user is None:
                    login(request, member.user)
                return redirect("workspaces:open", slug=member.workspace.slug)
    context = {"invitation": invited, "stage": stage, "form": form}
    return render(request, "workspaces/invitation.html", context, status=status)


def _stage(request: HttpRequest, invited: Invitation) -> str:
    """What the person has to do: join | other (sign out first) | sign-in | new."""
    if request.user.is_authenticated:
        return "join" if request.user.email == invited.email else "other"
    return "sign-in" if has_account(invited.email) else "new"
