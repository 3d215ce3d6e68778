"""Channels over REST: list, add, change, remove; connect, disconnect, reconnect, log out; the QR code."""

import uuid

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels_app.access import channel_to_manage
from channels_app.api.shapes import (
    AddChannelShape,
    ChangeChannelShape,
    ChannelPageShape,
    ChannelShape,
    NewChannelShape,
    PairingCodeShape,
    PairingShape,
    QrShape,
)
from channels_app.errors import NoSuchChannel
from channels_app.models import Channel
from channels_app.providers import description_of
from channels_app.selectors.channels import channels_of, channels_page
from channels_app.services import channels, connection, grouping, linking, renumbering
from channels_app.services.credentials import PAIRING_CODE, QR
from channels_app.states import LINKING, SENDS
from kernel.paging import page_limit
from workspaces.access import Actor


class Channels(APIView):
    @extend_schema(
        operation_id="channels_list",
        parameters=[
            OpenApiParameter("limit", int, description="1 to 200; 50 when not given"),
            OpenApiParameter("cursor", str),
        ],
        responses=ChannelPageShape,
    )
    def get(self, request: Request) -> Response:
        """The channels of the workspace, oldest first."""
        page = channels_page(
            request.auth,
            cursor=request.query_params.get("cursor"),
            limit=page_limit(request.query_params.get("limit")),
        )
        return Response({"results": ChannelShape(page.rows, many=True).data, "next": page.next})

    @extend_schema(operation_id="channels_create", request=AddChannelShape, responses={201: NewChannelShape})
    def post(self, request: Request) -> Response:
        """Add a number. The answer shows the webhook secret, this once; `connect` then links the phone."""
        given = AddChannelShape(data=request.data)
        given.is_valid(raise_exception=True)
        channel, webhook_secret = channels.create_channel(actor=request.auth, **given.validated_data)
        shown = ChannelShape(_shown(request.auth, channel.pk)).data
        name = description_of(channel.provider).webhook_secret
        return Response({**shown, "webhook_secret": webhook_secret, name: webhook_secret}, status=201)


class OneChannel(APIView):
    @extend_schema(operation_id="channels_read", responses=ChannelShape)
    def get(self, request: Request, channel_id: uuid.UUID) -> Response:
        """One channel."""
        return Response(ChannelShape(_shown(request.auth, channel_id)).data)

    @extend_schema(operation_id="channels_change", request=ChangeChannelShape, responses=ChannelShape)
    def patch(self, request: Request, channel_id: uuid.UUID) -> Response:
        """Change the name or the number, or replace the token."""
        given = ChangeChannelShape(data=request.data)
        given.is_valid(raise_exception=True)
        channels.update_channel(actor=request.auth, channel_id=channel_id, **given.validated_data)
        return Response(ChannelShape(_shown(request.auth, channel_id)).data)

    @extend_schema(operation_id="channels_remove", responses={204: None})
    def delete(self, request: Request, channel_id: uuid.UUID) -> Response:
        """Remove the channel and its secrets. Its chats stay; what still waits to be sent is cancelled."""
        channels.remove_channel(actor=request.auth, channel_id=channel_id)
        return Response(status=204)


class _Deed(APIView):
    """A request about the connection: taken (202) and done by the outbox."""

    def _asked(self, request: Request, channel_id: uuid.UUID, deed) -> Response:
        deed(actor=request.auth, channel_id=channel_id)
        return Response(ChannelShape(_shown(request.auth, channel_id)).data, status=202)


class Connect(_Deed):
    @extend_schema(operation_id="channels_connect", request=None, responses={202: ChannelShape})
    def post(self, request: Request, channel_id: uuid.UUID) -> Response:
        """Begin to link the phone; watch `qr`. 409 for a channel that is connected already."""
        return self._asked(request, channel_id, connection.connect)


class Disconnect(_Deed):
    @extend_schema(operation_id="channels_disconnect", request=None, responses={202: ChannelShape})
    def post(self, request: Request, channel_id: uuid.UUID) -> Response:
        """Stop sending; the phone stays linked, and what is written waits."""
        return self._asked(request, channel_id, connection.disconnect)


class Reconnect(_Deed):
    @extend_schema(operation_id="channels_reconnect", request=None, responses={202: ChannelShape})
    def post(self, request: Request, channel_id: uuid.UUID) -> Response:
        """Begin to link the phone again, whatever the present status."""
        return self._asked(request, channel_id, connection.reconnect)


class LogOut(_Deed):
    @extend_schema(operation_id="channels_logout", request=None, responses={202: ChannelShape})
    def post(self, request: Request, channel_id: uuid.UUID) -> Response:
        """Unlink the phone at the provider."""
        return self._asked(request, channel_id, connection.log_out)


@method_decorator(never_cache, name="dispatch")
class Qr(APIView):
    @extend_schema(operation_id="channels_qr", responses=QrShape)
    def get(self, request: Request, channel_id: uuid.UUID) -> Response:
        """The code to scan, for the one who asked to connect. Ask again every two seconds while it is `pending`."""
        channel = channel_to_manage(request.auth, channel_id)
        qr, expires_at = linking.code_for(request.auth, channel, QR) or (None, None)
        if qr is not None:
            status = "ready"
        elif channel.status in SENDS:
            status = "connected"
        else:
            mine = channel.status in LINKING and linking.may_see_codes(request.auth, channel)
            status = "pending" if mine else "unavailable"
        return Response(QrShape({"status": status, "qr": qr, "expires_at": expires_at}).data)


@method_decorator(never_cache, name="dispatch")
class PairingCode(APIView):
    @extend_schema(operation_id="channels_pairing_code_read", responses=PairingCodeShape)
    def get(self, request: Request, channel_id: uuid.UUID) -> Response:
        """The code that was asked for, for the one who asked; null until the provider has made it."""
        channel = channel_to_manage(request.auth, channel_id)
        code, expires_at = linking.code_for(request.auth, channel, PAIRING_CODE) or (None, None)
        return Response(PairingCodeShape({"code": code, "expires_at": expires_at}).data)

    @extend_schema(operation_id="channels_pairing_code", request=PairingShape, responses={202: ChannelShape})
    def post(self, request: Request, channel_id: uuid.UUID) -> Response:
        """Ask, while the channel is being connected, for a code to type on the phone; read it here a moment later."""
        channel_to_manage(request.auth, channel_id)
        given = PairingShape(data=request.data)
        given.is_valid(raise_exception=True)
        linking.ask_pairing_code(actor=request.auth, channel_id=channel_id, **given.validated_data)
        return Response(ChannelShape(_shown(request.auth, channel_id)).data, status=202)


class SyncGroups(_Deed):
    @extend_schema(operation_id="channels_sync_groups", request=None, responses={202: ChannelShape})
    def post(self, request: Request, channel_id: uuid.UUID) -> Response:
        """Read all groups and who is in them from the provider."""
        return self._asked(request, channel_id, grouping.sync_groups)


class KeepChats(_Deed):
    @extend_schema(operation_id="channels_keep_chats", request=None, responses={202: ChannelShape})
    def post(self, request: Request, channel_id: uuid.UUID) -> Response:
        """After another number was linked: the chats go on with it. 409 when there is nothing to decide."""
        return self._asked(request, channel_id, renumbering.keep_chats)


class ArchiveChats(_Deed):
    @extend_schema(operation_id="channels_archive_chats", request=None, responses={202: ChannelShape})
    def post(self, request: Request, channel_id: uuid.UUID) -> Response:
        """After another number was linked: the chats of the former one become read-only."""
        return self._asked(request, channel_id, renumbering.archive_chats)


def _shown(actor: Actor, channel_id: uuid.UUID) -> Channel:
    channel = channels_of(actor).filter(pk=channel_id).first()
    if channel is None:
        raise NoSuchChannel
    return channel
