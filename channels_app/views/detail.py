"""One channel: adding it, linking its phone, its token, its name; and the buttons of its card."""

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from channels_app.access import channel_for
from channels_app.forms import AddChannelForm, ChannelForm, TokenForm
from channels_app.models import Channel
from channels_app.selectors.channels import channels_of
from channels_app.selectors.history import connection_history
from channels_app.services import channels, connection, gateway
from channels_app.states import SENDS, ChannelStatus
from channels_app.views.cards import CURES, DOTS, card_of
from kernel.errors import Invalid, NotFound
from outbox.selectors.lanes import lane_overviews
from outbox.services import operating
from workspaces.access import Actor, name_of, require
from workspaces.forms import show_refusal
from workspaces.roles import Permission
from workspaces.views.answering import tell
from workspaces.views.guard import member_view, requires

HISTORY_ROWS = 20
LINKING = (ChannelStatus.CONNECTING, ChannelStatus.QR_PENDING)


@sensitive_post_parameters("token")
@sensitive_variables("secret")
@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_CHANNELS)
def add(request: HttpRequest) -> HttpResponse:
    """The form; a POST makes the channel, begins to link it, and shows the webhook secret, this once."""
    form = AddChannelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            channel, secret = channels.create_channel(actor=request.member, **form.cleaned_data)
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            connection.connect(actor=request.member, channel_id=channel.pk)
            return _detail(request, channel.pk, status=201, webhook_secret=secret)
    return render(request, "channels_app/add.html", {"form": form}, status=400 if form.errors else 200)


@require_safe
@requires(Permission.SEE_CHATS)
def detail(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    return _detail(request, channel_id)


@require_safe
@requires(Permission.MANAGE_CHANNELS)
def link(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """The code to scan, or what became of it; refreshed every two seconds while a phone is being linked."""
    channel = channel_for(request.member, channel_id)
    context = {"channel": channel, "dot": DOTS[ChannelStatus(channel.status)], "refreshed": True}
    return render(request, "channels_app/_link.html", context | _code(channel))


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

    def lane(deed: Callable[..., object], **details: str) -> Callable[[], object]:
        def do() -> None:
            require(actor, Permission.OPERATE_LANES)
            deed(lane_id=channel.pk, actor=actor, **details)

        return do

    return {
        "connect": (lambda: connection.connect(**on), f"{channel.name} is being connected."),
        "reconnect": (lambda: connection.reconnect(**on), f"{channel.name} is being connected again."),
        "disconnect": (
            lambda: connection.disconnect(**on),
            f"{channel.name} is disconnected. What you write waits.",
        ),
        "log-out": (
            lambda: connection.log_out(**on),
            f"{channel.name} is being logged out. What you write waits.",
        ),
        "remove": (lambda: channels.remove_channel(**on), f"{channel.name} is removed. Its chats stay."),
        "pause": (
            lane(operating.pause_lane, reason=f"Paused by {name_of(actor)}."),
            f"{channel.name} is paused. What you write waits.",
        ),
        "resume": (lane(operating.resume_lane), f"{channel.name} goes on."),
        "resume-now": (lane(operating.clear_hold), f"{channel.name} goes on now."),
    }


@require_POST
@requires(Permission.MANAGE_CHANNELS)
def rename(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    form = ChannelForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A channel needs a name of at most 80 characters.")
    else:
        name = form.cleaned_data["name"]
        tell(
            request,
            lambda: channels.update_channel(actor=request.member, channel_id=channel_id, name=name),
            done="The name is changed.",
        )
    return redirect("channels_app:channel-detail", slug=request.workspace.slug, channel_id=channel_id)


@sensitive_post_parameters("token")
@require_POST
@requires(Permission.MANAGE_CHANNELS)
def replace_token(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Paste the token exactly as the provider shows it.")
    else:
        token = form.cleaned_data["token"]
        tell(
            request,
            lambda: channels.replace_token(actor=request.member, channel_id=channel_id, token=token),
            done="The new token is kept, encrypted. The webhook is being registered with it.",
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
    }
    if manages:
        context |= {
            "webhook_url": f"{settings.PUBLIC_URL}/api/webhooks/{channel.provider}/{channel.pk}",
            "webhook_secret": webhook_secret,
            "token_form": TokenForm(),
            "name_form": ChannelForm(initial={"name": channel.name}),
        } | _code(channel)
    return render(request, "channels_app/channel.html", context, status=status)


def _code(channel: Channel) -> dict[str, object]:
    """What the scan panel shows. The code is a secret: callers let in only who may link the number."""
    linking = channel.status in LINKING
    code = gateway.waiting_qr(channel.pk) if linking else None
    return {
        "linking": linking,
        "linked": channel.status in SENDS,
        "cure": CURES.get(ChannelStatus(channel.status)),
        "qr": code[0] if code else "",
        "qr_until": code[1] if code else None,
    }
