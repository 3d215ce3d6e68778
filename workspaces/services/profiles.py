"""What a person may change about themself."""

from workspaces.models import User


def change_profile(*, user: User, name: str, theme: str, enter_sends: bool, undo_seconds: int) -> None:
    user.name, user.theme, user.enter_sends, user.undo_seconds = name, theme, enter_sends, undo_seconds
    user.save(update_fields=["name", "theme", "enter_sends", "undo_seconds"])


def change_theme(*, user: User, theme: str) -> None:
    user.theme = theme
    user.save(update_fields=["theme"])


def change_password(*, user: User, password: str) -> None:
    """The caller has checked the present password. Other sessions end: their hash is of the old one."""
    user.set_password(password)
    user.save(update_fields=["password"])
