"""Django admin in which rows are read, and changed through services only."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from kernel.errors import DomainError


class ReadOnlyAdmin(admin.ModelAdmin):
    """Nothing is added, changed or deleted by hand. Actions marked `permissions=["operate"]` are for those who may
    change rows of the model, and do it by calling services."""

    show_full_result_count = False  # counting a hot table is not worth a figure
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def do_to_each(request: HttpRequest, rows: Iterable[Any], deed: Callable[[Any], object], *, done: str) -> None:
    """Do `deed` to each row and tell how it went; the refusal of one stops no other."""
    number = 0
    for row in rows:
        try:
            deed(row)
        except DomainError as refusal:
            messages.warning(request, f"{row}: {refusal.message}")
        else:
            number += 1
    if number:
        messages.success(request, f"{number} {done}.")


def action_on_each(
    name: str, words: str, deed: Callable[[HttpRequest, Any], object], *, done: str
) -> Callable[[admin.ModelAdmin, HttpRequest, QuerySet], None]:
    """An action for those who may operate the page: `deed(request, row)` for each chosen row, in the order of keys.

    It is told as "3 <done>.".
    """

    @admin.action(description=words, permissions=["operate"])
    def act(page: admin.ModelAdmin, request: HttpRequest, rows: QuerySet) -> None:
        do_to_each(request, rows.order_by("pk"), lambda row: deed(request, row), done=done)

    act.__name__ = name  # by which Django and its forms know it
    return act
