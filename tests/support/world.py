"""The fixed cast of all tests."""

from dataclasses import dataclass

from channels_app.models import Channel
from kernel import signing
from outbox.models import Lane
from workspaces.models import ApiKey, Member, User, Workspace
from workspaces.roles import Role

PASSWORD = "correct-horse-battery"
WEBHOOK_SECRET = "test-webhook-secret"


@dataclass
class World:
    acme: Workspace
    ana: Member  # owner
    adam: Member  # admin
    ben: Member  # agent
    vic: Member  # viewer
    zoes: Workspace
    zoe: Member  # owner elsewhere: the outsider
    channel: Channel  # Acme's, connected, Whapi
    zoes_channel: Channel
    api_key: str  # Acme's, role agent

    def bearer(self) -> dict[str, str]:
        return {"HTTP_AUTHORIZATION": f"Bearer {self.api_key}"}


def make_world() -> World:
    acme = Workspace.objects.create(name="Acme", slug="acme")
    zoes = Workspace.objects.create(name="Zoe's", slug="zoes")
    api_key = signing.new_secret("wb_")
    ApiKey.objects.create(
        workspace=acme, name="tests", role=Role.AGENT, digest=signing.digest(api_key), hint=api_key[-4:]
    )
    return World(
        acme=acme,
        ana=make_member(acme, "Ana Example", Role.OWNER),
        adam=make_member(acme, "Adam Sample", Role.ADMIN),
        ben=make_member(acme, "Ben Demo", Role.AGENT),
        vic=make_member(acme, "Vic Viewer", Role.VIEWER),
        zoes=zoes,
        zoe=make_member(zoes, "Zoe Outsider", Role.OWNER),
        channel=make_channel(acme, "Shop", "+15550100100"),
        zoes_channel=make_channel(zoes, "Zoe's number", "+15550100199"),
        api_key=api_key,
    )


def make_member(workspace: Workspace, name: str, role: str) -> Member:
    email = f"{name.split()[0].lower()}@example.com"
    user = User.objects.create_user(email=email, password=PASSWORD, name=name)
    return Member.objects.create(workspace=workspace, user=user, role=role)


def make_channel(workspace: Workspace, name: str, phone_number: str) -> Channel:
    channel = Channel.objects.create(
        workspace=workspace,
        provider="whapi",
        name=name,
        phone_number=phone_number,
        own_wa_id=f"{phone_number.lstrip('+')}@s.whatsapp.net",
        status="connected",
        webhook_secret_digest=signing.digest(WEBHOOK_SECRET),
    )
    Lane.objects.create(id=channel.id, workspace=workspace, name=name)
    return channel
