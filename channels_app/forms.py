"""The shapes of what people type about channels. What a vendor is asked for, its description says."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_app.providers import built_in, description_of
from channels_app.providers.description import LIMIT_CHARACTERS, Asked, Description

TEL = {"inputmode": "tel", "autocomplete": "off", "placeholder": "+1 555 0100"}


def field_for(asked: Asked, *, kept: bool = False) -> forms.CharField:
    """A secret is write-only: what was typed is never drawn again, not even after a mistake elsewhere in the form.

    `kept`: there is a value already, and an empty secret leaves it as it is.
    """
    attributes = {"autocomplete": "off", "spellcheck": "false"}
    if asked.secret:
        widget = forms.PasswordInput(render_value=False, attrs=attributes)
    else:
        widget = forms.TextInput(attrs={**attributes, "placeholder": asked.placeholder})
    return forms.CharField(
        label=asked.label,
        required=asked.required and not (kept and asked.secret),
        max_length=LIMIT_CHARACTERS,
        initial=asked.initial,
        help_text=asked.help_text,
        widget=widget,
    )


class ChannelForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("As your team calls this number: Shop, Support, Deliveries.")
    )


class AddChannelForm(ChannelForm):
    """The fields of one vendor; which one, the page has asked before."""

    phone_number = forms.CharField(
        label=_("Phone number"),
        required=False,
        max_length=24,
        help_text=_("With country code. May stay empty; Waybill learns it when the number is connected."),
        widget=forms.TextInput(attrs=TEL),
    )

    def __init__(self, *args: Any, description: Description, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields |= {one.name: field_for(one) for one in description.given}
        self.order_fields(["name", *(one.name for one in description.given), "phone_number"])


class ProviderForm(forms.Form):
    provider = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["provider"].choices = [(name, description_of(name).name) for name in built_in()]


class ValuesForm(forms.Form):
    """New values for a channel: secrets that stay empty are kept, everything else is shown as it is."""

    def __init__(self, *args: Any, description: Description, settings: dict[str, Any], **kwargs: Any):
        initial = {one.name: settings.get(one.name, "") for one in description.given}
        super().__init__(*args, initial=initial, **kwargs)
        self.before = initial
        self.fields |= {one.name: field_for(one, kept=True) for one in description.given}

    def changed(self) -> dict[str, str]:
        """What was typed and is new."""
        return {
            name: value for name, value in self.cleaned_data.items() if value and value != self.before.get(name, "")
        }


class PairingForm(forms.Form):
    phone_number = forms.CharField(
        label=_("Number of the phone"), max_length=24, widget=forms.TextInput(attrs=TEL), required=False
    )
