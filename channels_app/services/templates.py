"""Templates: read from the vendor, kept up to date by its news, filled for sending."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from channels_app import jobs
from channels_app.access import channel_to_manage
from channels_app.errors import NoSuchTemplate, TemplateNotUsable
from channels_app.models import Channel, MessageTemplate
from channels_app.providers import built_in, description_of
from channels_app.providers.base import Blank, FilledTemplate, InboundTemplate, Template
from channels_app.services import gateway
from channels_app.services.asking import ask, is_asked
from channels_app.states import SENDS
from kernel import clock
from kernel.errors import Conflict
from workspaces.access import Actor
from workspaces.services.auditing import record

VALUE_LIMIT = 1024
READ_AGAIN_AFTER = timedelta(days=1)


def sync_templates(*, actor: Actor, channel_id: uuid.UUID) -> None:
    """Have the outbox read all templates from the vendor. Raises Conflict where the vendor has none."""
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        if not description_of(channel.provider).templates:
            raise Conflict(_("Numbers of this kind have no templates: anything may be written at any time."))
        have_templates_read(channel)
        record(actor=actor, deed="channel.templates_synced", target=channel)


def have_templates_read(channel: Channel) -> None:
    """By the outbox, where the vendor has any. Inside a transaction only."""
    if description_of(channel.provider).templates and not is_asked(channel=channel, kind=jobs.SYNC_TEMPLATES):
        ask(channel=channel, kind=jobs.SYNC_TEMPLATES)


def read_old_templates() -> int:
    """For a schedule: have templates read again that nobody has read for a day. Returns for how many numbers."""
    read_lately = MessageTemplate.objects.filter(channel=OuterRef("pk"), synced_at__gt=clock.now() - READ_AGAIN_AFTER)
    vendors = [name for name in built_in() if description_of(name).templates]
    connected = Channel.objects.living().filter(provider__in=vendors, status__in=SENDS)
    old = list(connected.filter(~Exists(read_lately)))
    for channel in old:
        with transaction.atomic():
            have_templates_read(channel)
    return len(old)


def fetch_templates(*, channel_id: uuid.UUID, deadline: float) -> None:
    """Made by the outbox: the vendor's whole list takes the place of ours. Raises ProviderError."""
    listed = gateway.templates(channel_id, deadline=deadline)
    with transaction.atomic():
        channel = Channel.objects.select_for_update(no_key=True).living().filter(pk=channel_id).first()
        if channel is not None:
            _keep(channel, listed)


def note_template(*, channel_id: uuid.UUID, news: InboundTemplate) -> None:
    """Believe a webhook about one template; one that is not known here yet is read from the vendor."""
    said = {
        name: value for name in ("status", "category", "provider_template_id") if (value := getattr(news, name)) != ""
    }
    with transaction.atomic():
        channel = Channel.objects.living().filter(pk=channel_id).first()
        if channel is None:
            return
        known = MessageTemplate.objects.filter(channel_id=channel_id, name=news.name, language=news.language)
        if not known.update(**said):
            have_templates_read(channel)


def fill(*, channel: Channel, name: str, language: str, values: Mapping[str, str], file: str = "") -> FilledTemplate:
    """What the template says with these values, and what the vendor needs to hear. `file`: the kind of the one that
    goes along, in place of a link.

    Raises NoSuchTemplate, TemplateNotUsable; the latter names blanks without a value.
    """
    template = MessageTemplate.objects.filter(channel=channel, name=name, language=language).first()
    if template is None:
        raise NoSuchTemplate(fields={"template": ["not a template of this number"]})
    if not template.usable:
        raise TemplateNotUsable(
            _("The template %(name)s is %(status)s at the provider, so it cannot be sent.")
            % {"name": name, "status": template.status or "?"},
            fields={"template": [template.status]},
        )
    blanks = blanks_of(template)
    if file:
        places = [blank.key for blank in blanks if blank.file == file]
        if not places:
            raise TemplateNotUsable(
                _("The template has no place for this kind of file."), fields={"attachment": ["no place for it"]}
            )
        values = {**values, places[0]: ""}
    missing = [blank.key for blank in blanks if not values.get(blank.key, "").strip() and not (file and blank.file)]
    if missing:
        raise TemplateNotUsable(
            _("The template has blanks without a value: %(names)s.") % {"names": ", ".join(missing)},
            fields={"variables": missing},
        )
    too_long = [key for key, value in values.items() if len(value) > VALUE_LIMIT]
    if too_long:
        raise TemplateNotUsable(
            _("A value may have at most %(limit)s characters.") % {"limit": VALUE_LIMIT}, fields={"variables": too_long}
        )
    return gateway.filled_template(channel.provider, name, language, template.components, values)


def blanks_of(template: MessageTemplate) -> list[Blank]:
    """What has to be given to send it, in the order of reading."""
    return gateway.template_blanks(template.channel.provider, template.components)


def preview_of(template: MessageTemplate) -> str:
    """What it says, with its blanks as they stand at the vendor: {{1}}, {{name}}."""
    values = {blank.key: f"{{{{{blank.key}}}}}" for blank in blanks_of(template)}
    provider = template.channel.provider
    return gateway.filled_template(provider, template.name, template.language, template.components, values).text


def needs_template(channel: Channel, window_expires_at: datetime | None, at: datetime) -> bool:
    """Whether only a template would be taken at this moment: the customer has not written for too long, or never."""
    return description_of(channel.provider).templates and (window_expires_at is None or window_expires_at <= at)


def _keep(channel: Channel, listed: list[Template]) -> None:
    moment = clock.now()
    rows = [
        MessageTemplate(
            workspace_id=channel.workspace_id,
            channel=channel,
            name=one.name,
            language=one.language,
            category=one.category,
            status=one.status,
            components=one.components,
            provider_template_id=one.provider_template_id,
            synced_at=moment,
        )
        for one in listed
    ]
    MessageTemplate.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["channel", "name", "language"],
        update_fields=["category", "status", "components", "provider_template_id", "synced_at"],
    )
    MessageTemplate.objects.filter(channel=channel, synced_at__lt=moment).delete()
