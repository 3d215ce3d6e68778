"""The JSON shapes of channels, as documented in the contract."""

from rest_framework import serializers

from channels_app.models import Channel
from channels_app.providers import built_in, description_of
from channels_app.providers.description import LIMIT_CHARACTERS
from channels_app.selectors.channels import webhook_url
from channels_app.services.credentials import TOKEN
from channels_app.states import ChannelStatus, WebhookState


class ChannelShape(serializers.Serializer):
    """A channel; no secret of it is ever answered."""

    id = serializers.UUIDField()
    provider = serializers.CharField()
    name = serializers.CharField()
    phone_number = serializers.CharField(help_text='With a leading +; "" until it is known.')
    wa_id = serializers.CharField(source="own_wa_id", help_text='The number\'s own WhatsApp id; "" until it is known.')
    status = serializers.ChoiceField(choices=ChannelStatus.choices)
    status_detail = serializers.CharField(help_text="Why the status is what it is, for people.")
    status_since = serializers.DateTimeField()
    paused_until = serializers.DateTimeField(
        allow_null=True, help_text="The end of a pause that the provider asked for; null when there is none."
    )
    token_hint = serializers.CharField(
        allow_null=True, help_text='The last characters of the token; "" for a short one; null without a token.'
    )
    webhook_url = serializers.SerializerMethodField(help_text="What the provider calls; it holds no secret.")
    webhook_state = serializers.ChoiceField(choices=WebhookState.choices)
    webhook_detail = serializers.CharField(help_text='Why the webhook is not registered; "" when it is.')
    former_wa_id = serializers.CharField(
        help_text='Set while another number is linked: nothing is sent until "keep-chats" or "archive-chats".'
    )
    last_inbound_at = serializers.DateTimeField(allow_null=True)
    last_acknowledged_at = serializers.DateTimeField(allow_null=True)
    last_confirmed_at = serializers.DateTimeField(
        allow_null=True, help_text="When WhatsApp last reported on a message of this number."
    )
    created_at = serializers.DateTimeField()

    def get_webhook_url(self, channel: Channel) -> str:
        return webhook_url(channel)


class NewChannelShape(ChannelShape):
    """A channel just made, with the secret that its webhooks must carry; it cannot be read again."""

    webhook_secret = serializers.CharField()


class ChannelPageShape(serializers.Serializer):
    results = ChannelShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page; null on the last one.")


def _vendor_fields(*, adding: bool) -> dict[str, serializers.CharField]:
    """One field for each name that any vendor asks for; the services say which of them the chosen vendor needs."""
    fields: dict[str, serializers.CharField] = {}
    for name in built_in():
        for one in description_of(name).given:
            words = f"{one.label}. {one.help_text}" if one.help_text else str(one.label)
            if one.secret:
                words = f"{one.label}. Encrypted, and never answered."
            required = adding and one.name == TOKEN
            fields.setdefault(
                one.name,
                serializers.CharField(
                    max_length=LIMIT_CHARACTERS, required=required, write_only=one.secret, help_text=words
                ),
            )
    return fields


class _Name(serializers.Serializer):
    provider = serializers.ChoiceField(choices=built_in())
    name = serializers.CharField(max_length=80)
    phone_number = serializers.CharField(max_length=24, required=False, allow_blank=True, default="")


class _NewName(serializers.Serializer):
    name = serializers.CharField(max_length=80, required=False)
    phone_number = serializers.CharField(max_length=24, required=False, allow_blank=True)


AddChannelShape = type("AddChannelShape", (_Name,), _vendor_fields(adding=True))
ChangeChannelShape = type("ChangeChannelShape", (_NewName,), _vendor_fields(adding=False))


class PairingShape(serializers.Serializer):
    phone_number = serializers.CharField(max_length=24, help_text="Of the phone that is to be linked.")


class PairingCodeShape(serializers.Serializer):
    code = serializers.CharField(allow_null=True, help_text="What to type on the phone. A secret, as the QR code is.")
    expires_at = serializers.DateTimeField(allow_null=True)


class QrShape(serializers.Serializer):
    status = serializers.ChoiceField(choices=["pending", "ready", "connected", "unavailable"])
    qr = serializers.CharField(
        allow_null=True, help_text="A PNG as a data URI. A secret: whoever scans it becomes the number."
    )
    expires_at = serializers.DateTimeField(allow_null=True)
