"""Makes the demo through the services and the ingestion that everything real uses; again changes nothing."""

from typing import Any

from django.conf import settings
from django.db import transaction

from channels_app.models import Channel
from channels_app.providers import description_of
from channels_app.providers.base import InboundConnection
from channels_app.services import connection
from channels_app.services.channels import create_channel
from channels_app.services.credentials import store_credential
from channels_app.states import ChannelStatus
from config.demo import history, history_cloud, history_waha
from config.demo.cast import (
    ACME,
    WORKSPACES,
    DemoWorkspace,
    Number,
    Person,
    demo_providers,
    derived_secret,
    password_of,
    simulator_url,
)
from config.demo.teamwork import furnish
from inbox.models import Chat, Message
from inbox.services.assigning import assign_chat
from inbox.services.reading import mark_read
from inbox.states import Direction
from kernel import clock, signing
from webhooks.services.applying import sweep_pending
from webhooks.services.storing import store
from workspaces.models import ApiKey, Member, Workspace
from workspaces.roles import Role
from workspaces.services.api_keys import create_api_key
from workspaces.services.founding import create_workspace
from workspaces.services.inviting import accept, invite

API_KEY_NAME = "Demo"
HISTORIES = {"whapi": history.bodies, "cloud": history_cloud.bodies, "waha": history_waha.bodies}
TOLD = ("app_secret", "phone_number_id", "waba_id")
"""What else a program needs to act as the vendor, for `seed_demo --json`."""
UNREAD_MINUTES = 120
"""Chats whose last word is older than this have been read when the demo opens."""


def seed() -> dict[str, Any]:
    """The demo, made where it is missing, as `manage.py seed_demo --json` prints it."""
    first, *others = [seed_workspace(demo) for demo in WORKSPACES]
    return {**first, "other_workspaces": others}


def seed_workspace(demo: DemoWorkspace) -> dict[str, Any]:
    known = Workspace.objects.filter(slug=demo.slug).first()
    owner, *others = members_of(known or found(demo), demo)
    workspace = owner.workspace
    channels = [(number, seed_channel(owner, number)) for number in demo.numbers]
    if known is None and demo == ACME:
        furnish(owner, [member for member in others if member.role != Role.VIEWER])
    return {
        "url": settings.PUBLIC_URL,
        "workspace": {"id": str(workspace.pk), "slug": workspace.slug},
        "members": [
            {"email": person.email, "password": password_of(person), "role": str(person.role)} for person in demo.people
        ],
        "api_key": seed_api_key(owner, demo),
        "channels": [
            {
                "id": str(channel.pk),
                "provider": channel.provider,
                "name": channel.name,
                "phone_number": number.phone_number,
                "webhook_secret": webhook_secret(number),
                description_of(channel.provider).webhook_secret: webhook_secret(number),
                **{name: value for name, value in number.given.items() if name in TOLD},
            }
            for number, channel in channels
        ],
        "simulators": {provider: simulator_url(provider) for provider in demo_providers()},
    }


def found(demo: DemoWorkspace) -> Workspace:
    owner = demo.people[0]
    return create_workspace(
        name=demo.name,
        slug=demo.slug,
        owner_email=owner.email,
        owner_name=owner.name,
        password=password_of(owner),
    )


def members_of(workspace: Workspace, demo: DemoWorkspace) -> list[Member]:
    """The members in the order of the cast; who is missing is invited by the owner and accepts."""
    owner = Member.objects.select_related("workspace", "user").get(
        workspace=workspace, user__email=demo.people[0].email
    )
    return [owner, *(join(owner, person) for person in demo.people[1:])]


def join(owner: Member, person: Person) -> Member:
    member = Member.objects.filter(workspace=owner.workspace, user__email=person.email).first()
    if member is not None:
        return member  # also one whom a visitor removed or gave another role
    _, token = invite(actor=owner, email=person.email, role=person.role)
    return accept(token=token, name=person.name, password=password_of(person))


def seed_api_key(owner: Member, demo: DemoWorkspace) -> str:
    """A key with a derived secret, so that it can be printed again."""
    secret = derived_secret(f"api key {demo.slug}", prefix="wb_")
    key = ApiKey.objects.filter(workspace=owner.workspace, digest=signing.digest(secret)).first()
    if key is None:
        with transaction.atomic():
            key, _ = create_api_key(actor=owner, name=API_KEY_NAME, role=Role.ADMIN)
            ApiKey.objects.filter(pk=key.pk).update(digest=signing.digest(secret), hint=secret[-4:])
    return secret


def seed_channel(owner: Member, number: Number) -> Channel:
    """The channel on the simulator; its chats only when it is new."""
    known = Channel.objects.filter(workspace=owner.workspace, settings__demo=number.key).first()
    if known is not None:
        if known.settings.get("base_url") != simulator_url(number.provider):
            known.settings = {**known.settings, "base_url": simulator_url(number.provider)}
            known.save(update_fields=["settings"])
        return known
    with transaction.atomic():
        channel, _ = create_channel(
            actor=owner,
            provider=number.provider,
            name=number.name,
            phone_number=number.phone_number,
            settings={"base_url": simulator_url(number.provider), "demo": number.key},
            **number.given,
        )
        fix_webhook_secret(channel, number)
        if number.linked:
            connection.connect(actor=owner, channel_id=channel.pk)
            said = InboundConnection(
                status=ChannelStatus.CONNECTED,
                detail="The simulator says that the number is linked.",
                own_wa_id=number.wa_id,
                own_name=number.name,
            )
            connection.note_connection(channel_id=channel.pk, values=said)
    channel.refresh_from_db()
    tell_history(channel, number)
    settle_in(owner, channel)
    return channel


def webhook_secret(number: Number) -> str:
    return derived_secret(f"webhook {number.key}")


def fix_webhook_secret(channel: Channel, number: Number) -> None:
    name = description_of(number.provider).webhook_secret
    store_credential(channel=channel, name=name, secret=webhook_secret(number))
    Channel.objects.filter(pk=channel.pk).update(webhook_secret_digest=signing.digest(webhook_secret(number)))


def tell_history(channel: Channel, number: Number) -> None:
    """What was said before, through the door for webhooks."""
    for body in HISTORIES[number.provider](number, clock.now()):
        store(workspace_id=channel.workspace_id, channel_id=channel.pk, method="POST", suffix="", body=body)
    sweep_pending()


def settle_in(owner: Member, channel: Channel) -> None:
    """Old chats are read, and one that waits is Ben's."""
    members = {member.user.email: member for member in Member.objects.filter(workspace=owner.workspace)}
    ben = members.get("ben@example.com")
    for chat in Chat.objects.filter(channel=channel):
        last = Message.objects.filter(chat=chat, direction=Direction.INBOUND).order_by("-sort_at").first()
        if last is not None and (clock.now() - last.sort_at).total_seconds() > UNREAD_MINUTES * 60:
            for member in members.values():
                if member.role != Role.VIEWER:
                    mark_read(actor=member, chat=chat)
        if ben is not None and chat.wa_chat_id == f"{history.PAU}@s.whatsapp.net":
            assign_chat(actor=owner, chat=chat, member=ben)
