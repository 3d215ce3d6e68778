"""What concerns one member alone in a list of chats: their unsent drafts, and where they were named in a note."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Left

from inbox.models import Chat, Mention, TextDraft
from workspaces.access import Actor, author_of

DRAFT_CHARACTERS = 120


@dataclass(frozen=True)
class Personal:
    """`draft` is one line; `mentioned` that a note names the member and they have not opened the chat since."""

    draft: str = ""
    mentioned: bool = False


NOTHING = Personal()


def personal_to(actor: Actor, chat_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Personal]:
    """{chat id: what concerns the member}. One query; none for an API key, which has neither."""
    member = author_of(actor)
    if member is None or not chat_ids:
        return {}
    drafts = TextDraft.objects.filter(member=member, chat=OuterRef("pk")).values(start=Left("text", DRAFT_CHARACTERS))
    named = Mention.objects.filter(member=member, read_at__isnull=True, note__chat=OuterRef("pk"))
    found = Chat.objects.filter(pk__in=chat_ids).values_list("pk", Subquery(drafts[:1]), Exists(named))
    return {key: Personal(" ".join((draft or "").split()), mentioned) for key, draft, mentioned in found}
