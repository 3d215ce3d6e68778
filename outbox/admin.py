"""Django admin of the outbox: rows are read, deeds go through the services."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from kernel.admin import ReadOnlyAdmin, ReadOnlyInline, do_to_each
from outbox.models import Attempt, Hold, Item, Lane, Worker
from outbox.services import operating
from workspaces.access import Operator


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = readonly_fields = [
        "id",
        "started_at",
        "finished_at",
        "outcome",
        "http_status",
        "error_code",
        "error",
        "late_evidence",
    ]


@admin.register(Item)
class ItemAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "workspace",
        "lane",
        "kind",
        "state",
        "open",
        "attempts",
        "due_at",
        "error_code",
        "settle_error",
    ]
    list_filter = ["state", "kind", "priority"]
    list_select_related = ["workspace", "lane"]
    search_fields = ["=id", "=subject_id", "=provider_id"]
    ordering = ["-id"]
    exclude = ["payload"]  # bodies belong to the chat, whose members may see them
    inlines = [AttemptInline]
    actions = ["cancel", "retry", "release"]

    @admin.action(description="Cancel what has not begun", permissions=["operate"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Item]) -> None:
        do_to_each(request, rows, lambda item: operating.cancel_item(item_id=item.pk), done="cancelled")

    @admin.action(description="Try failed and uncertain items again", permissions=["operate"])
    def retry(self, request: HttpRequest, rows: QuerySet[Item]) -> None:
        do_to_each(
            request, rows.order_by("id"), lambda item: operating.retry_item(item_id=item.pk), done="queued again"
        )

    @admin.action(description="Let chats go on without uncertain items", permissions=["operate"])
    def release(self, request: HttpRequest, rows: QuerySet[Item]) -> None:
        do_to_each(request, rows, lambda item: operating.release_item(item_id=item.pk), done="released")


@admin.register(Lane)
class LaneAdmin(ReadOnlyAdmin):
    list_display = ["name", "workspace", "cap", "paused", "closed", "not_before", "not_before_reason", "owner"]
    list_filter = ["paused", "closed"]
    list_select_related = ["workspace", "owner"]
    search_fields = ["name", "=id"]
    ordering = ["workspace", "name"]
    actions = ["pause", "resume", "resume_now"]

    @admin.action(description="Pause", permissions=["operate"])
    def pause(self, request: HttpRequest, rows: QuerySet[Lane]) -> None:
        reason = f"Paused by {request.user} in the admin."
        do_to_each(
            request,
            rows,
            lambda lane: operating.pause_lane(lane_id=lane.pk, reason=reason, actor=_operator(request, lane)),
            done="paused",
        )

    @admin.action(description="Resume (a person's pause only)", permissions=["operate"])
    def resume(self, request: HttpRequest, rows: QuerySet[Lane]) -> None:
        do_to_each(
            request,
            rows,
            lambda lane: operating.resume_lane(lane_id=lane.pk, actor=_operator(request, lane)),
            done="resumed",
        )

    @admin.action(description="Resume now (also what the provider asked for)", permissions=["operate"])
    def resume_now(self, request: HttpRequest, rows: QuerySet[Lane]) -> None:
        do_to_each(
            request,
            rows,
            lambda lane: operating.clear_hold(lane_id=lane.pk, actor=_operator(request, lane)),
            done="resumed",
        )


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["lane", "kind", "reason", "started_at", "until", "ended_at"]
    list_filter = ["kind"]
    list_select_related = ["lane"]
    ordering = ["-id"]


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "started_at", "lease_until", "dead", "shares"]
    list_filter = ["dead", "shares"]
    ordering = ["-id"]


def _operator(request: HttpRequest, lane: Lane) -> Operator:
    return Operator(user=request.user, workspace=lane.workspace)
