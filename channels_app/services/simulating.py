"""A number at the simulated provider, for who wants to try before a phone is at hand."""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from channels_app.errors import NoSimulator
from channels_app.models import Channel
from channels_app.services.channels import create_channel
from channels_app.services.connection import connect
from kernel import http
from kernel.ids import new_id
from workspaces.access import Actor, require
from workspaces.models import Workspace
from workspaces.roles import Permission

ASK_SECONDS = 0.5
"""It is on this machine, where nobody answers at once or somebody does."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def simulator_url() -> str:
    """Where a simulated Whapi answers at this moment, or "". Looked for where Whapi's own address leads to this
    machine, as in the demo, and while DEBUG is on at SIMULATOR_PORT; nowhere else."""
    if urlsplit(settings.WHAPI_BASE_URL).hostname in LOOPBACK:
        url = settings.WHAPI_BASE_URL
    elif settings.DEBUG:
        url = f"http://127.0.0.1:{settings.SIMULATOR_PORT}"
    else:
        return ""
    try:
        answer = http.request(
            "GET", f"{url}/_sim/channels", deadline=ASK_SECONDS, max_bytes=1_000_000, allow_private=True
        )
    except http.HttpFailure:
        return ""
    return url if answer.status == 200 else ""


def use_simulator(*, actor: Actor) -> Channel:
    """The workspace's number at the simulator, made and being connected where there is none yet.

    Raises Forbidden, or NoSimulator where none answers.
    """
    require(actor, Permission.MANAGE_CHANNELS)
    url = simulator_url()
    if not url:
        raise NoSimulator
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=actor.workspace_id)  # two clicks, one number
        channel = Channel.objects.living().filter(workspace_id=actor.workspace_id, settings__simulated=True).first()
        if channel is not None:
            return channel
        channel, _secret = create_channel(
            actor=actor,
            provider="whapi",
            name=_("Simulator"),
            token=f"sim_{new_id().hex}",
            settings={"base_url": url, "simulated": True},
        )
        return connect(actor=actor, channel_id=channel.pk)
