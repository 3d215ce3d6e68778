"""What a page says after a button was pressed."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from kernel.errors import DomainError, Forbidden, NotFound
from kernel.sayings import said


def tell(request: HttpRequest, deed: Callable[[], object], *, done: str) -> bool:
    """Do the deed and leave its outcome for the next page: `done`, or the sentence of the refusal.

    NotFound and Forbidden pass through, because they have pages of their own.
    """
    try:
        deed()
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        messages.error(request, said(error.message))
        return False
    messages.success(request, done)
    return True
