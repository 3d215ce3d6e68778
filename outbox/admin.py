"""Django admin of the outbox: rows are read, deeds go through the services."""

import uuid
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from kernel.admin import ReadOnlyAdmin, ReadOnlyInline, action_on_each
from outbox.models import Attempt, Hold, Item, Lane, Worker
from outbox.services import operating
from workspaces.access import Operator


def _on_items(name: str, words: str, deed: Any, done: str) -> Any:
    return action_on_each(name, words, lambda request, item: deed(item_id=item.pk), done=done)


def _on_lanes(name: str, words: str, deed: Any, done: str) -> Any:
    def do(request: HttpRequest, lane: Lane) -> None:
        deed(lane_id=lane.pk, actor=Operator(user=request.user, workspace=lane.workspace))

    return action_on_each(name, words, do, done=done)


def _pause(*, lane_id: uuid.UUID, actor: Operator) -> None:
    operating.pause_lane(lane_id=lane_id, reason=f"Paused by {actor.user} in the admin.", actor=actor)


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
    actions = [
        _on_items("cancel", "Cancel what has not begun", operating.cancel_item, "cancelled"),
        _on_items("retry", "Try failed and uncertain items again", operating.retry_item, "queued again"),
        _on_items("release", "Let chats go on without uncertain items", operating.release_item, "released"),
    ]


@admin.register(Lane)
class LaneAdmin(ReadOnlyAdmin):
    list_display = ["name", "workspace", "cap", "paused", "closed", "not_before", "not_before_reason", "owner"]
    list_filter = ["paused", "closed"]
    list_select_related = ["workspace", "owner"]
    search_fields = ["name", "=id"]
    ordering = ["workspace", "name"]
    actions = [
        _on_lanes("pause", "Pause", _pause, "paused"),
        _on_lanes("resume", "Resume (a person's pause only)", operating.resume_lane, "resumed"),
        _on_lanes("resume_now", "Resume now (also what the provider asked for)", operating.clear_hold, "resumed"),
    ]


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
