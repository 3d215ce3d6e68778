"""Django admin of the outbox: rows are read, deeds go through the services."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from kernel.errors import DomainError
from outbox.models import Attempt, Hold, Item, Lane, Worker
from outbox.services import operating
from workspaces.access import Operator


class ReadOnlyAdmin(admin.ModelAdmin):
    show_full_result_count = False  # counting a hot table is not worth a figure
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def may_operate(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"outbox.change_{self.opts.model_name}")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Asked by Django for actions that need the permission "operate"."""
        return self.may_operate(request)

    def each(self, request: HttpRequest, rows: QuerySet, deed: Callable[[Any], object], done: str) -> None:
        """Do `deed` to each row and tell how it went; a refusal of one stops no other."""
        number = 0
        for row in rows:
            try:
                deed(row)
                number += 1
            except DomainError as error:
                messages.warning(request, f"{row}: {error.message}")
        if number:
            messages.success(request, f"{number} {done}.")


class AttemptInline(admin.TabularInline):
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
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
        self.each(request, rows, lambda item: operating.cancel_item(item_id=item.pk), "cancelled")

    @admin.action(description="Try failed and uncertain items again", permissions=["operate"])
    def retry(self, request: HttpRequest, rows: QuerySet[Item]) -> None:
        self.each(request, rows.order_by("id"), lambda item: operating.retry_item(item_id=item.pk), "queued again")

    @admin.action(description="Let chats go on without uncertain items", permissions=["operate"])
    def release(self, request: HttpRequest, rows: QuerySet[Item]) -> None:
        self.each(request, rows, lambda item: operating.release_item(item_id=item.pk), "released")


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
        self.each(
            request,
            rows,
            lambda lane: operating.pause_lane(lane_id=lane.pk, reason=reason, actor=_operator(request, lane)),
            "paused",
        )

    @admin.action(description="Resume (a person's pause only)", permissions=["operate"])
    def resume(self, request: HttpRequest, rows: QuerySet[Lane]) -> None:
        self.each(
            request,
            rows,
            lambda lane: operating.resume_lane(lane_id=lane.pk, actor=_operator(request, lane)),
            "resumed",
        )

    @admin.action(description="Resume now (also what the provider asked for)", permissions=["operate"])
    def resume_now(self, request: HttpRequest, rows: QuerySet[Lane]) -> None:
        self.each(
            request,
            rows,
            lambda lane: operating.clear_hold(lane_id=lane.pk, actor=_operator(request, lane)),
            "resumed",
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
