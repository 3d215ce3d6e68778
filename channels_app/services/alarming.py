"""Telling the admins by e-mail that a number can no longer be relied upon, where e-mail is configured."""

import uuid
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from channels_app import jobs
from channels_app.models import Channel
from channels_app.services.asking import ask, is_asked
from channels_app.states import SENDS, ChannelStatus
from kernel import clock
from kernel.sayings import said
from outbox.errors import TryAgain
from workspaces.models import Member
from workspaces.roles import Permission, Role, allows
from workspaces.selectors.languages import language_of

PATIENCE = timedelta(minutes=3)
"""Connections come and go during a day; what is over by then is worth no e-mail."""

AT_MOST_EVERY = timedelta(hours=1)

ALARMING = frozenset(
    {ChannelStatus.ERROR, ChannelStatus.LOGGED_OUT, ChannelStatus.DISCONNECTED, ChannelStatus.QR_PENDING}
)


def expect_news(channel: Channel, *, status: str, silent: bool = False) -> None:
    """Look again in a few minutes whether the admins have to know. Inside a transaction."""
    if not settings.EMAIL_HOST or not (silent or status in ALARMING):
        return
    if not is_asked(channel=channel, kind=jobs.TELL_ADMINS):
        ask(channel=channel, kind=jobs.TELL_ADMINS, due_at=clock.now() + PATIENCE)


def tell_admins(*, channel_id: uuid.UUID, deadline: float) -> None:
    """Write to owners and admins about a channel that still cannot be relied upon. Raises TryAgain.

    The claim is taken before the e-mail leaves, so that two relays do not send it twice; it is given back on failure.
    """
    channel = Channel.objects.living().select_related("workspace").filter(pk=channel_id, wants_connection=True).first()
    if channel is None or (channel.status in SENDS and channel.silent_since is None):
        return
    now = clock.now()
    claim = Channel.objects.filter(Q(admins_told_at__isnull=True) | Q(admins_told_at__lt=now - AT_MOST_EVERY))
    if not claim.filter(pk=channel_id).update(admins_told_at=now):
        return
    try:
        for letter in _letters(channel, timeout=deadline):
            letter.send()
    except (OSError, SMTPException) as error:
        Channel.objects.filter(pk=channel_id, admins_told_at=now).update(
            admins_told_at=F("admins_told_at") - AT_MOST_EVERY
        )
        raise TryAgain("mail_failed", f"The mail server did not take the e-mail ({type(error).__name__}).") from error


def _letters(channel: Channel, *, timeout: float) -> list[EmailMessage]:
    """One for each language that the admins read; together they take no longer than `timeout`."""
    readers: dict[str, list[str]] = {}
    for member in _admins_of(channel):
        readers.setdefault(language_of(member.user, ""), []).append(member.user.email)
    letters = []
    for language, addresses in readers.items():
        with translation.override(language):
            letters.append(_letter(channel, addresses, timeout=timeout / len(readers)))
    return letters


def _letter(channel: Channel, addresses: list[str], *, timeout: float) -> EmailMessage:
    address = f"{settings.PUBLIC_URL}/w/{channel.workspace.slug}/channels/{channel.pk}/"
    return EmailMessage(
        subject=_("%(channel)s: %(status)s") % {"channel": channel.name, "status": channel.get_status_display()},
        body=_(
            "The WhatsApp number “%(channel)s” in %(workspace)s needs somebody.\n\n%(detail)s\n\n"
            "What your team writes to it waits safely. See what to do: %(address)s\n"
        )
        % {
            "channel": channel.name,
            "workspace": channel.workspace.name,
            "detail": said(channel.status_detail) or channel.get_status_display(),
            "address": address,
        },
        bcc=addresses,
        connection=get_connection(timeout=timeout),
    )


def _admins_of(channel: Channel) -> list[Member]:
    roles = [role for role in Role if allows(role, Permission.MANAGE_CHANNELS)]
    members = Member.objects.select_related("user").filter(
        workspace_id=channel.workspace_id, role__in=roles, removed_at__isnull=True, user__is_active=True
    )
    return list(members.order_by("id"))
