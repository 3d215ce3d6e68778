"""The JSON shapes of lanes and items."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from outbox.models import Item
from outbox.selectors.items import STATUSES, status_of
from outbox.states import Priority

LANE_STATES = ["running", "idle", "paused", "held", "closed", "retrying"]


class LaneShape(serializers.Serializer):
    """A lane: the queue of one channel, with the channel's id."""

    id = serializers.UUIDField(source="lane.id")
    name = serializers.CharField(source="lane.name")
    cap = serializers.IntegerField(source="lane.cap", help_text="Open attempts at the same time.")
    state = serializers.ChoiceField(choices=LANE_STATES)
    reason = serializers.CharField(help_text='Why it waits; "" while it does not.')
    until = serializers.DateTimeField(allow_null=True, help_text="When it goes on by itself, where that is known.")
    waiting = serializers.IntegerField(help_text="Items that wait; 1000 means 1000 or more.")
    oldest_waiting_at = serializers.DateTimeField(allow_null=True)
    sent_last_hour = serializers.ListField(
        child=serializers.IntegerField(), help_text="60 figures, one per minute; the running minute is the last."
    )
    needs_person = serializers.IntegerField(help_text="Items that failed or may have been sent.")


class LanePageShape(serializers.Serializer):
    results = LaneShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="Always null: lanes come on one page.")


class PauseShape(serializers.Serializer):
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ResumeShape(serializers.Serializer):
    now = serializers.BooleanField(
        required=False, default=False, help_text="Also end a wait that the provider asked for."
    )


class ItemErrorShape(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()


class ItemShape(serializers.Serializer):
    """An item without its payload, which may hold what only some members may read."""

    id = serializers.UUIDField()
    lane = serializers.UUIDField(source="lane_id")
    kind = serializers.CharField()
    subject = serializers.UUIDField(source="subject_id", allow_null=True, help_text="E.g. the message.")
    status = serializers.SerializerMethodField()
    blocks_chat = serializers.BooleanField(source="open", help_text="Later items of its chat wait for this one.")
    priority = serializers.SerializerMethodField()
    attempts = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    next_attempt_at = serializers.SerializerMethodField()
    last_error = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=STATUSES))
    def get_status(self, item: Item) -> str:
        return status_of(item)

    @extend_schema_field(serializers.ChoiceField(choices=[one.name.lower() for one in Priority]))
    def get_priority(self, item: Item) -> str:
        return Priority(item.priority).name.lower()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_attempt_at(self, item: Item) -> str | None:
        waits = item.state in ("queued", "scheduled")
        return serializers.DateTimeField().to_representation(item.due_at) if waits else None

    @extend_schema_field(ItemErrorShape(allow_null=True))
    def get_last_error(self, item: Item) -> dict[str, str] | None:
        return {"code": item.error_code, "detail": item.error} if item.error_code else None


class ItemPageShape(serializers.Serializer):
    results = ItemShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page; null on the last one.")
