"""The inbound log in Django admin: to be read, and replayed through the service."""

from django.contrib import admin, messages
from django.http import HttpRequest

from webhooks.models import InboundEvent
from webhooks.services.replaying import Wanted, replay_many


@admin.register(InboundEvent)
class InboundEventAdmin(admin.ModelAdmin):
    list_display = ["id", "received_at", "channel_id", "kind", "result", "reason", "attempts"]
    list_filter = ["result"]
    search_fields = ["id__exact", "channel_id__exact", "workspace_id__exact"]
    search_help_text = "The whole id of an event, channel or workspace."
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["replay_events"]
    fields = [
        *["id", "workspace_id", "channel_id", "received_at", "method", "suffix", "kind", "result", "reason"],
        *["wa_message_ids", "attempts", "applied_at", "body_text"],
    ]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).defer("body")

    @admin.display(description="body")
    def body_text(self, event: InboundEvent) -> str:
        return bytes(event.body).decode("utf-8", "replace") or "None is kept of refused requests."

    @admin.action(description="Replay the chosen events", permissions=["operate"])
    def replay_events(self, request: HttpRequest, queryset):
        ended = replay_many(Wanted(event_ids=tuple(queryset.values_list("pk", flat=True))))
        said = ", ".join(f"{count} {result}" for result, count in sorted(ended.items())) or "nothing to replay"
        self.message_user(request, f"Replayed: {said}.", messages.SUCCESS)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Asked by Django for actions that need the permission "operate": who only looks applies nothing."""
        return request.user.has_perm("webhooks.change_inboundevent")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False
