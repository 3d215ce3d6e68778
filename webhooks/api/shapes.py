"""The JSON shapes of the inbound log, as documented in the contract."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webhooks.models import InboundEvent
from webhooks.states import Result


class WebhookEventShape(serializers.Serializer):
    """What a provider sent, and what became of it."""

    id = serializers.UUIDField()
    channel = serializers.SerializerMethodField(help_text="null for requests that name no channel of ours.")
    received_at = serializers.DateTimeField(help_text="For refused requests, the hour in which they came.")
    method = serializers.CharField()
    path = serializers.CharField(source="suffix", help_text="What the URL had after the channel.")
    kind = serializers.CharField(help_text="E.g. messages.post; for refused requests, the rule that refused them.")
    result = serializers.ChoiceField(choices=Result.choices)
    reason = serializers.CharField(help_text="Why it was ignored, parked or refused, in one sentence.")
    wa_message_ids = serializers.ListField(child=serializers.CharField())
    attempts = serializers.IntegerField(
        help_text="How often it was applied; for refused requests, how many there were."
    )
    applied_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_channel(self, event: InboundEvent) -> str | None:
        return str(event.channel_id) if event.channel_id.int else None


class WholeWebhookEventShape(WebhookEventShape):
    """With its body: as JSON where it is JSON, else as text; null for refused requests, of which none is kept."""

    body = serializers.SerializerMethodField()

    @extend_schema_field({"description": "JSON, or a string where the body is none."})
    def get_body(self, event: InboundEvent) -> Any:
        raw = bytes(event.body)
        if not raw:
            return None
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            return raw.decode("utf-8", "replace")


class WebhookEventPageShape(serializers.Serializer):
    results = WebhookEventShape(many=True)
    next = serializers.CharField(allow_null=True)
