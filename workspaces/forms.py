"""The shapes of what people type on the pages of workspaces."""

from datetime import datetime, timedelta

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.errors import DomainError
from kernel.sayings import said
from workspaces.models import User
from workspaces.roles import Role, within

KEY_LIFETIMES_DAYS = {"30": _("30 days"), "90": _("90 days"), "365": _("One year"), "": _("No end")}


def roles_up_to(limit: str) -> list[tuple[str, str]]:
    """The choices of roles that may do no more than `limit`."""
    return [(role.value, role.label) for role in Role if within(role, limit)]


def show_refusal(form: forms.Form, refusal: DomainError) -> None:
    """Put what a service refused beside the fields that it names, or above the form."""
    for name, complaints in refusal.fields.items():
        for complaint in complaints:
            form.add_error(name if name in form.fields else None, said(complaint))
    if not refusal.fields:
        form.add_error(None, said(refusal.message))


class SignInForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class NewPersonForm(forms.Form):
    """A new account; the service says which names and passwords it takes."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        help_text=_("As your team should see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=4096,
        strip=False,
        help_text=_("Ten characters or more."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ProfileForm(forms.ModelForm):
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As the browser asks for it")), *settings.LANGUAGES], required=False
    )

    class Meta:
        model = User
        fields = ["name", "theme", "language", "enter_sends", "undo_seconds", "desktop_notices", "sound"]
        labels = {
            "name": _("Your name"),
            "theme": _("Theme"),
            "enter_sends": _("Enter sends the message"),
            "undo_seconds": _("Time to undo"),
            "desktop_notices": _("Desktop notifications"),
            "sound": _("Sound"),
        }
        help_texts = {
            "desktop_notices": _("While the page is out of sight. The browser asks once; muted chats stay silent."),
            "sound": _("A short tone for new messages of chats that are not in front of you."),
            "name": _("Your team sees it beside your messages. Customers do not."),
            "enter_sends": _("Shift and Enter then begins a new line. Without it, Ctrl and Enter sends."),
            "undo_seconds": _(
                "What you write waits here that long before it leaves, and can be taken back without a trace."
            ),
        }
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "theme": forms.RadioSelect,
        }


class PasswordForm(forms.Form):
    current = forms.CharField(
        label=_("Present password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        max_length=4096,
        strip=False,
        help_text=_("Ten characters or more. Other browsers are signed out."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_current(self) -> str:
        if not self.user.check_password(self.cleaned_data["current"]):
            raise forms.ValidationError(_("This is not your present password."))
        return self.cleaned_data["current"]

    def clean_new(self) -> str:
        password_validation.validate_password(self.cleaned_data["new"], self.user)
        return self.cleaned_data["new"]


class RoleForm(forms.Form):
    """A role that the member who chooses may give: none above their own."""

    role = forms.ChoiceField(label=_("Role"), initial=Role.AGENT)

    def __init__(self, *args, limit: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_up_to(limit)


class InviteForm(RoleForm):
    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    field_order = ("email", "role")


class ApiKeyForm(RoleForm):
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What uses it, so that you know it again."))
    lifetime = forms.ChoiceField(
        label=_("Ends after"), choices=list(KEY_LIFETIMES_DAYS.items()), initial="90", required=False
    )

    field_order = ("name", "role", "lifetime")

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return clock.now() + timedelta(days=int(days)) if days else None
