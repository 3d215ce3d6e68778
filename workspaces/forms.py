"""The shapes of what people type on the pages of workspaces."""

from datetime import timedelta

from django import forms
from django.contrib.auth import password_validation

from kernel import clock
from workspaces.models import User
from workspaces.roles import Role

KEY_LIFETIMES_DAYS = {"30": "30 days", "90": "90 days", "365": "One year", "": "No end"}


class SignInForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label="Password",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class NewPersonForm(forms.ModelForm):
    """A new account: a name and a password that the validators in the settings accept."""

    password = forms.CharField(
        label="Password",
        max_length=4096,
        strip=False,
        help_text="Ten characters or more.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ["name"]
        labels = {"name": "Your name"}
        help_texts = {"name": "As your team should see it."}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        password_validation.validate_password(password, self.instance)
        return password


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "theme", "enter_sends"]
        labels = {"name": "Your name", "theme": "Theme", "enter_sends": "Enter sends the message"}
        help_texts = {
            "name": "Your team sees it beside your messages. Customers do not.",
            "enter_sends": "Shift and Enter then begins a new line. Without it, Ctrl and Enter sends.",
        }
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "theme": forms.RadioSelect,
        }


class PasswordForm(forms.Form):
    current = forms.CharField(
        label="Present password",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="New password",
        max_length=4096,
        strip=False,
        help_text="Ten characters or more. Other browsers are signed out.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_current(self) -> str:
        if not self.user.check_password(self.cleaned_data["current"]):
            raise forms.ValidationError("This is not your present password.")
        return self.cleaned_data["current"]

    def clean_new(self) -> str:
        password_validation.validate_password(self.cleaned_data["new"], self.user)
        return self.cleaned_data["new"]


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.AGENT)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role.choices)


class ApiKeyForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, help_text="What uses it, so that you know it again.")
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.AGENT)
    lifetime = forms.ChoiceField(
        label="Ends after", choices=list(KEY_LIFETIMES_DAYS.items()), initial="90", required=False
    )

    def expires_at(self):
        days = self.cleaned_data["lifetime"]
        return clock.now() + timedelta(days=int(days)) if days else None
