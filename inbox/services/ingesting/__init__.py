"""What providers tell us becomes people, chats, messages and facts: in sets, in any order, any number of times."""

from inbox.services.ingesting.applying import apply_groups, apply_values
from inbox.services.ingesting.heard import CannotApply, Heard, Source

__all__ = ["CannotApply", "Heard", "Source", "apply_groups", "apply_values"]
