"""The shapes of what people type about channels."""

from django import forms

from channels_app.providers import built_in
from channels_app.states import ProviderKind

TOKEN_LIMIT_CHARACTERS = 4096


def token_field(label: str) -> forms.CharField:
    """Write-only: what was typed is never drawn again, not even after a mistake elsewhere in the form."""
    return forms.CharField(
        label=label,
        max_length=TOKEN_LIMIT_CHARACTERS,
        help_text="Encrypted before it is stored, and never shown again.",
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ChannelForm(forms.Form):
    name = forms.CharField(
        label="Name", max_length=80, help_text="As your team calls this number: Shop, Support, Deliveries."
    )


class AddChannelForm(ChannelForm):
    provider = forms.ChoiceField(label="Provider", widget=forms.RadioSelect)
    token = token_field("Token")
    phone_number = forms.CharField(
        label="Phone number",
        required=False,
        max_length=24,
        help_text="With country code. May stay empty; Waybill learns it when the phone is linked.",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "placeholder": "+1 555 0100"}),
    )
    field_order = ("provider", "name", "token", "phone_number")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names = built_in()
        self.fields["provider"].choices = [(kind.value, kind.label) for kind in ProviderKind if kind.value in names]
        self.fields["provider"].initial = names[0]


class TokenForm(forms.Form):
    token = token_field("New token")
