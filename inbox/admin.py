"""Django admin of the inbox: rows are read, deeds go through the services."""

import contextlib
import uuid
from collections.abc import Callable
from functools import cached_property

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from inbox.models import (
    AssignmentRule,
    Attachment,
    AwayMessage,
    Chat,
    Contact,
    ContactAddress,
    Label,
    Message,
    MessageDeed,
    MessageFact,
    Participant,
    QuickReply,
)
from inbox.services.resolving import cancel_message, mark_sent, retry_message
from kernel.admin import ReadOnlyAdmin, ReadOnlyInline, do_to_each
from workspaces.access import Operator

ROWS_SHOWN = 5000


class BoundedPaginator(Paginator):
    """Pages through the newest rows only: counting millions is not worth a figure. Older ones are searched."""

    @cached_property
    def count(self) -> int:
        return self.object_list[:ROWS_SHOWN].count()


class InboxAdmin(ReadOnlyAdmin):
    """`exact_fields` are found by their whole value, through an index."""

    exact_fields: tuple[str, ...] = ()
    ordering = ["-id"]
    paginator = BoundedPaginator
    search_fields = ["pk"]  # shows the search box; get_search_results decides

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        wanted = Q(pk__in=[])
        for field in self.exact_fields:
            wanted |= Q(**{field: term})
        with contextlib.suppress(ValueError):
            wanted |= Q(pk=uuid.UUID(term))
        return queryset.filter(wanted), False


class AttachmentInline(ReadOnlyInline):
    model = Attachment
    fields = readonly_fields = ["id", "kind", "mime_type", "file_name", "size", "state", "state_detail", "created_at"]


class DeedInline(ReadOnlyInline):
    model = MessageDeed
    fields = readonly_fields = ["at", "event", "detail"]


@admin.register(Message)
class MessageAdmin(InboxAdmin):
    list_display = ["id", "workspace", "channel", "direction", "type", "status", "error_code", "created_at"]
    list_filter = ["direction", "status", "type"]
    list_select_related = ["workspace", "channel"]
    exact_fields = ("wa_message_id", "client_id")
    exclude = ["search", "client_digest"]
    inlines = [AttachmentInline, DeedInline]
    actions = ["retry", "cancel", "mark_as_sent"]

    @admin.action(description="Send failed and uncertain messages again", permissions=["operate"])
    def retry(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        self._each(request, rows, retry_message, "queued again")

    @admin.action(description="Cancel what still waits", permissions=["operate"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        self._each(request, rows, cancel_message, "cancelled")

    @admin.action(description="Mark uncertain messages as sent", permissions=["operate"])
    def mark_as_sent(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        self._each(request, rows, mark_sent, "marked as sent")

    def _each(self, request: HttpRequest, rows: QuerySet[Message], deed: Callable[..., object], done: str) -> None:
        """In the order in which they were written, as their customers expect them."""
        do_to_each(
            request,
            rows.select_related("workspace").order_by("sort_at", "id"),
            lambda message: deed(actor=Operator(user=request.user, workspace=message.workspace), message=message),
            done=done,
        )


class ParticipantInline(ReadOnlyInline):
    model = Participant
    fields = readonly_fields = ["wa_id", "rank", "left"]


@admin.register(Chat)
class ChatAdmin(InboxAdmin):
    list_display = ["id", "workspace", "channel", "wa_chat_id", "kind", "name", "read_only", "last_message_at"]
    list_filter = ["kind", "read_only"]
    list_select_related = ["workspace", "channel"]
    exact_fields = ("wa_chat_id",)
    inlines = [ParticipantInline]


class AddressInline(ReadOnlyInline):
    model = ContactAddress
    fields = readonly_fields = ["wa_id"]


@admin.register(Contact)
class ContactAdmin(InboxAdmin):
    list_display = ["id", "workspace", "name", "push_name", "created_at"]
    list_select_related = ["workspace"]
    exact_fields = ("name", "addresses__wa_id")
    inlines = [AddressInline]


@admin.register(MessageFact)
class MessageFactAdmin(InboxAdmin):
    list_display = ["id", "channel", "wa_message_id", "kind", "key", "at"]
    list_filter = ["kind"]
    list_select_related = ["channel"]
    exact_fields = ("wa_message_id",)


@admin.register(Label)
class LabelAdmin(InboxAdmin):
    list_display = ["name", "workspace", "hue", "created_at"]
    list_select_related = ["workspace"]
    exact_fields = ("name",)


@admin.register(QuickReply)
class QuickReplyAdmin(InboxAdmin):
    list_display = ["shortcut", "workspace", "updated_at"]
    list_select_related = ["workspace"]
    exact_fields = ("shortcut",)


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(InboxAdmin):
    list_display = ["workspace", "round_robin", "capacity"]
    list_select_related = ["workspace"]


@admin.register(AwayMessage)
class AwayMessageAdmin(InboxAdmin):
    list_display = ["channel", "workspace", "enabled", "zone", "updated_at"]
    list_select_related = ["workspace", "channel"]
