"""What a person may change about themself."""

from django.db import transaction

from kernel import clock
from kernel.events import publish
from workspaces.events import AvailabilityChanged
from workspaces.models import Member, User


def change_profile(
    *,
    user: User,
    name: str,
    theme: str,
    enter_sends: bool,
    undo_seconds: int,
    desktop_notices: bool = False,
    sound: bool = False,
    language: str = "",
) -> None:
    user.name, user.theme, user.enter_sends, user.undo_seconds = name, theme, enter_sends, undo_seconds
    user.desktop_notices, user.sound, user.language = desktop_notices, sound, language
    user.save(update_fields=["name", "theme", "enter_sends", "undo_seconds", "desktop_notices", "sound", "language"])


def change_theme(*, user: User, theme: str) -> None:
    user.theme = theme
    user.save(update_fields=["theme"])


def change_password(*, user: User, password: str) -> None:
    """The caller has checked the present password. Other sessions end: their hash is of the old one."""
    user.set_password(password)
    user.save(update_fields=["password"])


def change_availability(*, member: Member, available: bool) -> None:
    """Whether new chats are given to the member. Those that they have stay theirs."""
    with transaction.atomic():
        if Member.objects.filter(pk=member.pk).exclude(available=available).update(available=available):
            publish(AvailabilityChanged(workspace_id=member.workspace_id, member_id=member.pk, available=available))
    member.available = available


def close_first_steps(*, member: Member, closed: bool) -> None:
    """Whether the member's inbox leaves out the first steps. Which of them are done is never kept, only looked up."""
    member.steps_closed_at = clock.now() if closed else None
    member.save(update_fields=["steps_closed_at"])
