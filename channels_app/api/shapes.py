"""The JSON shapes of channels, as documented in the contract."""

from rest_framework import serializers

from channels_app.models import Channel
from channels_app.providers import built_in
from channels_app.selectors.channels import webhook_url
from channels_app.states import ChannelStatus


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
    last_inbound_at = serializers.DateTimeField(allow_null=True)
    last_acknowledged_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_webhook_url(self, channel: Channel) -> str:
        return webhook_url(channel)


class NewChannelShape(ChannelShape):
    """A channel just made, with the secret that its webhooks must carry; it cannot be read again."""

    webhook_secret = serializers.CharField()


class ChannelPageShape(serializers.Serializer):
    results = ChannelShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page; null on the last one.")


class AddChannelShape(serializers.Serializer):
    provider = serializers.ChoiceField(choices=built_in())
    name = serializers.CharField(max_length=80)
    token = serializers.CharField(max_length=4096, write_only=True, help_text="Encrypted, and never answered.")
    phone_number = serializers.CharField(max_length=24, required=False, allow_blank=True, default="")


class ChangeChannelShape(serializers.Serializer):
    name = serializers.CharField(max_length=80, required=False)
    phone_number = serializers.CharField(max_length=24, required=False, allow_blank=True)
    token = serializers.CharField(
        max_length=4096, required=False, write_only=True, help_text="Takes the place of the present one."
    )


class QrShape(serializers.Serializer):
    status = serializers.ChoiceField(choices=["pending", "ready", "connected", "unavailable"])
    qr = serializers.CharField(
        allow_null=True, help_text="A PNG as a data URI. A secret: whoever scans it becomes the number."
    )
    expires_at = serializers.DateTimeField(allow_null=True)
