"""Django admin of the inbox: rows are read, deeds go through the services."""

import contextlib
import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from inbox.models import Attachment, Chat, Contact, ContactAddress, Message, MessageDeed, MessageFact, Participant
from inbox.services.resolving import cancel_message, mark_sent, retry_message
from kernel.errors import DomainError
from workspaces.access import Operator

ROWS_SHOWN = 5000


class BoundedPaginator(Paginator):
    """Pages through the newest rows only: counting millions is not worth a figure. Older ones are searched."""

    @cached_property
    def count(self) -> int:
        return self.object_list[:ROWS_SHOWN].count()


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    """`exact_fields` are found by their whole value, through an index."""

    exact_fields: tuple[str, ...] = ()
    ordering = ["-id"]
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
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


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)


class AttachmentInline(ReadOnlyInline):
    model = Attachment
    fields = ["id", "kind", "mime_type", "file_name", "size", "state", "state_detail", "created_at"]


class DeedInline(ReadOnlyInline):
    model = MessageDeed
    fields = ["at", "event", "detail"]


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["id", "workspace", "channel", "direction", "type", "status", "error_code", "created_at"]
    list_filter = ["direction", "status", "type"]
    list_select_related = ["workspace", "channel"]
    exact_fields = ("wa_message_id", "client_id")
    exclude = ["search", "client_digest"]
    inlines = [AttachmentInline, DeedInline]
    actions = ["retry", "cancel", "mark_as_sent"]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Asked by Django for actions that need the permission "operate"."""
        return request.user.has_perm("inbox.change_message")

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
        """Do `deed` to each message, oldest first; a refusal of one stops no other."""
        number = 0
        for message in rows.select_related("workspace").order_by("sort_at", "id"):
            try:
                deed(actor=Operator(user=request.user, workspace=message.workspace), message=message)
                number += 1
            except DomainError as error:
                messages.warning(request, f"{message}: {error.message}")
        if number:
            messages.success(request, f"{number} {done}.")


class ParticipantInline(ReadOnlyInline):
    model = Participant
    fields = ["wa_id", "rank", "left"]


@admin.register(Chat)
class ChatAdmin(ReadOnlyAdmin):
    list_display = ["id", "workspace", "channel", "wa_chat_id", "kind", "name", "read_only", "last_message_at"]
    list_filter = ["kind", "read_only"]
    list_select_related = ["workspace", "channel"]
    exact_fields = ("wa_chat_id",)
    inlines = [ParticipantInline]


class AddressInline(ReadOnlyInline):
    model = ContactAddress
    fields = ["wa_id"]


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ["id", "workspace", "name", "push_name", "created_at"]
    list_select_related = ["workspace"]
    exact_fields = ("name", "addresses__wa_id")
    inlines = [AddressInline]


@admin.register(MessageFact)
class MessageFactAdmin(ReadOnlyAdmin):
    list_display = ["id", "channel", "wa_message_id", "kind", "key", "at"]
    list_filter = ["kind"]
    list_select_related = ["channel"]
    exact_fields = ("wa_message_id",)
