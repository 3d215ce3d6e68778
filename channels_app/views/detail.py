"""One channel: adding it, linking its phone, its token, its name; and the buttons of its card."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from channels_app.access import channel_for
from channels_app.errors import NoSimulator
from channels_app.forms import AddChannelForm, ChannelForm, PairingForm, ProviderForm, ValuesForm
from channels_app.models import Channel
from channels_app.providers import built_in, description_of
from channels_app.selectors.channels import channels_of, webhook_url
from channels_app.selectors.history import connection_history
from channels_app.selectors.templates import templates_of
from channels_app.services import channels, connection, grouping, linking, renumbering, webhooking
from channels_app.services.credentials import PAIRING_CODE, QR
from channels_app.services.simulating import simulator_url, use_simulator
from channels_app.services.templates import sync_templates
from channels_app.states import LINKING, SENDS, ChannelStatus
from channels_app.views.cards import DOTS, card_of, cure_of
from kernel.errors import Invalid, NotFound
from outbox.selectors.lanes import lane_overviews
from outbox.services import operating
from workspaces.access import Actor, name_of, require
from workspaces.forms import show_refusal
from workspaces.roles import Permission
from workspaces.views.answering import tell
from workspaces.views.guard import member_view, requires

HISTORY_ROWS = 20


@sensitive_post_parameters()
@sensitive_variables("secret")
@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_CHANNELS)
def add(request: HttpRequest) -> HttpResponse:
    """The form of the chosen vendor; a POST makes the channel, begins to link it, and shows its secret once."""
    choice = ProviderForm(request.POST or request.GET)
    provider = (choice.is_valid() and choice.cleaned_data["provider"]) or built_in()[0]
    description = description_of(provider)
    form = AddChannelForm(request.POST or None, description=description)
    if request.method == "POST" and choice.is_valid() and form.is_valid():
        try:
            channel, secret = channels.create_channel(actor=request.member, provider=provider, **form.cleaned_data)
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            connection.connect(actor=request.member, channel_id=channel.pk)
            return _detail(request, channel.pk, status=201, webhook_secret=secret)
    context = {
        "form": form,
        "choice": choice,
        "vendors": [(name, description_of(name)) for name in built_in()],
        "provider": provider,
        "description": description,
        "simulator": simulator_url(),
    }
    wrong = form.errors or (request.method == "POST" and choice.errors)
    return render(request, "channels_app/add.html", context, status=400 if wrong else 200)


@require_POST
@requires(Permission.MANAGE_CHANNELS)
def simulate(request: HttpRequest) -> HttpResponse:
    """A number without a phone, where a simulated provider runs beside Waybill."""
    try:
        channel = use_simulator(actor=request.member)
    except NoSimulator as refusal:
        messages.error(request, refusal.message)
        return redirect("channels_app:channel-add", slug=request.workspace.slug)
    return redirect("channels_app:channel-detail", slug=request.workspace.slug, channel_id=channel.pk)


@require_safe
@requires(Permission.SEE_CHATS)
def detail(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    return _detail(request, channel_id)


@require_safe
@requires(Permission.MANAGE_CHANNELS)
def link(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """The code to scan, or what became of it; refreshed when the socket says so, or every two seconds without one."""
    channel = channel_for(request.member, channel_id)
    context = {"channel": channel, "dot": DOTS[ChannelStatus(channel.status)], "refreshed": True}
    return render(request, "channels_app/_link.html", context | _code(request.member, channel))


@require_POST
@requires(Permission.MANAGE_CHANNELS)
def pair(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Ask for a code to type on the phone; it appears where the QR code is."""
    form = PairingForm(request.POST)
    number = form.cleaned_data["phone_number"] if form.is_valid() else ""
    tell(
        request,
        lambda: linking.ask_pairing_code(actor=request.member, channel_id=channel_id, phone_number=number),
        done=_("The provider is asked for a pairing code."),
    )
    return redirect("channels_app:channel-detail", slug=request.workspace.slug, channel_id=channel_id)


@require_POST
@member_view
def act(request: HttpRequest, channel_id: UUID, deed: str) -> HttpResponse:
    """A button of the card. Which role may press it is the service's to say, or the table's for lanes."""
    channel = channel_for(request.member, channel_id)
    deeds = _deeds(request.member, channel)
    if deed not in deeds:
        raise Http404
    do, done = deeds[deed]
    succeeded = tell(request, do, done=done)
    if (deed in {"connect", "reconnect"} and succeeded) or request.POST.get("from") == "detail":
        if deed == "remove" and succeeded:
            return redirect("channels_app:channel-list", slug=request.workspace.slug)
        return redirect("channels_app:channel-detail", slug=request.workspace.slug, channel_id=channel.pk)
    return redirect("channels_app:channel-list", slug=request.workspace.slug)


def _deeds(actor: Actor, channel: Channel) -> dict[str, tuple[Callable[[], object], str]]:
    on = {"actor": actor, "channel_id": channel.pk}
    named = {"name": channel.name}

    def lane(deed: Callable[..., object], **details: str) -> Callable[[], object]:
        def do() -> None:
            require(actor, Permission.OPERATE_LANES)
            deed(lane_id=channel.pk, actor=actor, **details)

        return do

    return {
        "connect": (lambda: connection.connect(**on), _("%(name)s is being connected.") % named),
        "reconnect": (lambda: connection.reconnect(**on), _("%(name)s is being connected again.") % named),
        "disconnect": (
            lambda: connection.disconnect(**on),
            _("%(name)s is disconnected. What you write waits.") % named,
        ),
        "log-out": (
            lambda: connection.log_out(**on),
            _("%(name)s is being logged out. What you write waits.") % named,
        ),
        "keep-chats": (lambda: renumbering.keep_chats(**on), _("The chats go on with the new number.")),
        "archive-chats": (
            lambda: renumbering.archive_chats(**on),
            _("The chats of the former number are read-only now."),
        ),
        "sync-templates": (lambda: sync_templates(**on), _("The templates are being read from the provider.")),
        "sync-groups": (lambda: grouping.sync_groups(**on), _("The groups are being read from the provider.")),
        "check-webhook": (lambda: webhooking.check_webhook(**on), _("The provider is asked about the webhook.")),
        "remove": (lambda: channels.remove_channel(**on), _("%(name)s is removed. Its chats stay.") % named),
        "pause": (
            lane(operating.pause_lane, reason=f"Paused by {name_of(actor)}."),
            _("%(name)s is paused. What you write waits.") % named,
        ),
        "resume": (lane(operating.resume_lane), _("%(name)s goes on.") % named),
        "resume-now": (lane(operating.clear_hold), _("%(name)s goes on now.") % named),
    }


@require_POST
@requires(Permission.MANAGE_CHANNELS)
def rename(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    form = ChannelForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("A channel needs a name of at most 80 characters."))
    else:
        name = form.cleaned_data["name"]
        tell(
            request,
            lambda: channels.update_channel(actor=request.member, channel_id=channel_id, name=name),
            done=_("The name is changed."),
        )
    return redirect("channels_app:channel-detail", slug=request.workspace.slug, channel_id=channel_id)


@sensitive_post_parameters()
@require_POST
@requires(Permission.MANAGE_CHANNELS)
def replace_values(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """New values of what the vendor needs; secrets that stay empty are kept."""
    channel = channel_for(request.member, channel_id)
    form = ValuesForm(request.POST, description=description_of(channel.provider), settings=channel.settings)
    given = form.changed() if form.is_valid() else {}
    if not given:
        messages.error(request, _("Paste it exactly as the provider shows it."))
    else:
        tell(
            request,
            lambda: channels.replace_values(actor=request.member, channel_id=channel_id, given=given),
            done=_("It is kept; secrets are encrypted. The webhook is being registered with it."),
        )
    return redirect("channels_app:channel-detail", slug=request.workspace.slug, channel_id=channel_id)


@require_POST
@requires(Permission.MANAGE_CHANNELS)
def replace_webhook_secret(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """A new secret, shown this once."""
    secret = channels.replace_webhook_secret(actor=request.member, channel_id=channel_id)
    return _detail(request, channel_id, webhook_secret=secret)


def _detail(request: HttpRequest, channel_id: UUID, *, status: int = 200, webhook_secret: str = "") -> HttpResponse:
    channel = channels_of(request.member).filter(pk=channel_id).first()
    if channel is None:
        raise NotFound
    lanes = {overview.lane.pk: overview for overview in lane_overviews(request.workspace.pk)}
    manages = request.member.may(Permission.MANAGE_CHANNELS)
    description = description_of(channel.provider)
    context = {
        "channel": channel,
        "card": card_of(channel, lanes.get(channel.pk)),
        "history": connection_history(
            request.member, channel_id=channel.pk, cursor=request.GET.get("cursor"), limit=HISTORY_ROWS
        ),
        "dots": DOTS,
        "address": reverse(
            "channels_app:channel-detail", kwargs={"slug": request.workspace.slug, "channel_id": channel.pk}
        ),
        "manages": manages,
        "former": f"+{channel.former_wa_id.partition('@')[0]}",
    }
    if manages:
        context |= {
            "description": description,
            "webhook_url": webhook_url(channel),
            "webhook_secret": webhook_secret,
            "webhook_secret_label": description.asked(description.webhook_secret).label,
            "values_form": ValuesForm(description=description, settings=channel.settings),
            "name_form": ChannelForm(initial={"name": channel.name}),
            "templates": templates_of(channel.pk) if description.templates else None,
        } | _code(request.member, channel)
    return render(request, "channels_app/channel.html", context, status=status)


def _code(actor: Actor, channel: Channel) -> dict[str, object]:
    """What the link panel shows. A code is a secret: only who asked for it sees it."""
    description = description_of(channel.provider)
    linking_now = channel.status in LINKING and channel.linking_until is not None
    qr, qr_until = linking.code_for(actor, channel, QR) or ("", None)
    pairing, pairing_until = linking.code_for(actor, channel, PAIRING_CODE) or ("", None)
    return {
        "linking": linking_now,
        "linked": channel.status in SENDS,
        "mine": linking.may_see_codes(actor, channel),
        "cure": cure_of(channel),
        "links_by_phone": description.links_by_phone,
        "pairing_codes": description.pairing_codes,
        "pairing_form": PairingForm(initial={"phone_number": channel.phone_number}),
        "qr": qr,
        "qr_until": qr_until,
        "pairing": pairing,
        "pairing_until": pairing_until,
    }
