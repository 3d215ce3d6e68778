"""Founding workspaces."""

import re

from django.db import IntegrityError, transaction

from kernel.errors import Invalid
from workspaces.access import Actor, require
from workspaces.errors import SlugTaken
from workspaces.models import Member, User, Workspace
from workspaces.roles import Permission, Role
from workspaces.services.auditing import record
from workspaces.services.people import clean_email, clean_name, new_user

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SLUG_LIMIT = 60
NAME_LIMIT = 80


def create_workspace(*, name: str, slug: str, owner_email: str, owner_name: str = "", password: str = "") -> Workspace:
    """A workspace with its first owner: the person who has that e-mail address, or a new one with this password.

    The password of a person who exists is not changed. Raises SlugTaken, or Invalid with the fields that are wrong.
    """
    name, email = clean_name(name, limit=NAME_LIMIT), clean_email(owner_email, field="owner_email")
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LIMIT:
        raise Invalid(
            "The short name of a workspace is made of small letters, digits and single hyphens.",
            fields={"slug": [f"At most {SLUG_LIMIT} small letters, digits and single hyphens."]},
        )
    with transaction.atomic():
        owner = User.objects.filter(email=email).first() or new_user(email=email, name=owner_name, password=password)
        try:
            with transaction.atomic():
                workspace = Workspace.objects.create(name=name, slug=slug)
        except IntegrityError:
            raise SlugTaken(fields={"slug": ["Taken."]}) from None
        member = Member.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
        record(actor=member, deed="workspace.created", target=workspace, details={"name": name, "slug": slug})
    return workspace


def rename_workspace(*, actor: Actor, name: str) -> None:
    """Raises Forbidden or Invalid."""
    require(actor, Permission.MANAGE_WORKSPACE)
    name = clean_name(name, limit=NAME_LIMIT)
    with transaction.atomic():
        workspace = Workspace.objects.select_for_update(no_key=True).get(pk=actor.workspace_id)
        old, workspace.name = workspace.name, name
        workspace.save(update_fields=["name"])
        record(actor=actor, deed="workspace.renamed", target=workspace, details={"old": old, "new": name})
