"""Labels: made and changed for the workspace, put on chats and taken off."""

import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from inbox.errors import NoSuchLabel
from inbox.models import Chat, ChatLabel, Label
from inbox.services.sending import publish_chat
from kernel.errors import Conflict, Invalid
from workspaces.access import Actor, require
from workspaces.roles import Permission
from workspaces.services.auditing import record
from workspaces.services.people import clean_name

NAME_LIMIT = 40
HUES = 24


def create_label(*, actor: Actor, name: str, hue: int) -> Label:
    """Raises Forbidden, Invalid, and Conflict for a name that another label has."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    name = clean_name(name, limit=NAME_LIMIT)
    with transaction.atomic():
        label = _saved(Label(workspace_id=actor.workspace_id, name=name, hue=_hue(hue)))
        record(actor=actor, deed="label.created", target=label, details={"name": name})
    return label


def change_label(*, actor: Actor, label_id: uuid.UUID, name: str, hue: int) -> Label:
    """Raises Forbidden, NoSuchLabel, Invalid, Conflict. The chats that have it show the change."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    label = _label(actor, label_id)
    label.name, label.hue = clean_name(name, limit=NAME_LIMIT), _hue(hue)
    with transaction.atomic():
        _saved(label)
    return label


def delete_label(*, actor: Actor, label_id: uuid.UUID) -> None:
    """Off all chats, for good. Raises Forbidden, NoSuchLabel."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    label = _label(actor, label_id)
    with transaction.atomic():
        record(actor=actor, deed="label.deleted", target=label, details={"name": label.name})
        label.delete()


def put_label(*, actor: Actor, chat: Chat, label_id: uuid.UUID) -> Label:
    """Twice is once. Raises Forbidden, NoSuchLabel."""
    require(actor, Permission.WRITE_MESSAGES)
    label = _label(actor, label_id)
    with transaction.atomic():
        tie = ChatLabel(workspace_id=chat.workspace_id, chat=chat, label=label)
        ChatLabel.objects.bulk_create([tie], ignore_conflicts=True)
        publish_chat(chat)
    return label


def take_label(*, actor: Actor, chat: Chat, label_id: uuid.UUID) -> Label:
    """Raises Forbidden, NoSuchLabel."""
    require(actor, Permission.WRITE_MESSAGES)
    label = _label(actor, label_id)
    with transaction.atomic():
        if ChatLabel.objects.filter(chat=chat, label=label).delete()[0]:
            publish_chat(chat)
    return label


def set_labels(*, actor: Actor, chat: Chat, names: Sequence[str]) -> None:
    """These labels and no others, by name. Raises Forbidden, and Invalid for a name that no label has."""
    require(actor, Permission.WRITE_MESSAGES)
    wanted = {name.strip().lower(): name for name in names}
    known = Label.objects.filter(workspace_id=actor.workspace_id).annotate(lower=Lower("name"))
    labels = {label.lower: label for label in known.filter(lower__in=list(wanted))}
    if missing := [name for lower, name in wanted.items() if lower not in labels]:
        raise Invalid(
            _("There is no label called %(name)s. Make it first.") % {"name": missing[0]},
            fields={"labels": [f"no label is called {name}" for name in missing]},
        )
    with transaction.atomic():
        ties = ChatLabel.objects.filter(chat=chat)
        ties.exclude(label__in=labels.values()).delete()
        fresh = [ChatLabel(workspace_id=chat.workspace_id, chat=chat, label=label) for label in labels.values()]
        ChatLabel.objects.bulk_create(fresh, ignore_conflicts=True)
        publish_chat(chat)


def _label(actor: Actor, label_id: uuid.UUID) -> Label:
    label = Label.objects.filter(workspace_id=actor.workspace_id, pk=label_id).first()
    if label is None:
        raise NoSuchLabel
    return label


def _hue(hue: int) -> int:
    if not 0 <= hue < HUES:
        raise Invalid(_("That is none of the colours."), fields={"hue": ["not a colour"]})
    return hue


def _saved(label: Label) -> Label:
    try:
        with transaction.atomic():
            label.save()
    except IntegrityError:
        raise Conflict(_("There is a label of this name already."), fields={"name": ["taken"]}) from None
    return label
