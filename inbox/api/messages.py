"""One message: what it is, why it stands where it stands, and what a person can do about it."""

import uuid
from collections.abc import Callable

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox.access import message_for
from inbox.api.asking import body_of
from inbox.api.shapes import MessageShape, TimelineShape, message_shape, timeline_shape
from inbox.forms import EditForm, ReactionForm
from inbox.models import Message
from inbox.selectors.messages import bubbles
from inbox.selectors.timeline import timeline_of
from inbox.services.editing import edit_message, react, revoke_message
from inbox.services.resolving import cancel_message, mark_sent, retry_message
from inbox.services.scheduling import reschedule_message
from kernel.errors import Invalid


class MessageDetail(APIView):
    @extend_schema(operation_id="messages_retrieve", responses={200: MessageShape})
    def get(self, request: Request, message_id: uuid.UUID) -> Response:
        return shown(message_for(request.auth, message_id))

    @extend_schema(operation_id="messages_partial_update", request=EditForm, responses={202: MessageShape})
    def patch(self, request: Request, message_id: uuid.UUID) -> Response:
        """Change the text, or the time of a scheduled message. The text of one that was sent changes once the provider
        has taken it; until then `change` says what is asked for."""
        message = message_for(request.auth, message_id)
        form = EditForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        if not asked:
            raise Invalid("Give a text or a due_at.", fields={"text": ["needed"]})
        if "text" in asked:
            edit_message(actor=request.auth, message=message, text=asked["text"])
        if "due_at" in asked:
            reschedule_message(actor=request.auth, message=message, due_at=asked["due_at"])
        return shown(message, status.HTTP_202_ACCEPTED)

    @extend_schema(operation_id="messages_destroy", responses={202: MessageShape})
    def delete(self, request: Request, message_id: uuid.UUID) -> Response:
        """Take the message back for everybody. `deleted_at` is set once the provider has taken it."""
        message = message_for(request.auth, message_id)
        revoke_message(actor=request.auth, message=message)
        return shown(message, status.HTTP_202_ACCEPTED)


class MessageReaction(APIView):
    @extend_schema(operation_id="messages_reaction_update", request=ReactionForm, responses={202: MessageShape})
    def put(self, request: Request, message_id: uuid.UUID) -> Response:
        """Our number's reaction; it replaces the one before."""
        message = message_for(request.auth, message_id)
        form = ReactionForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        react(actor=request.auth, message=message, emoji=form.validated_data["emoji"])
        return shown(message, status.HTTP_202_ACCEPTED)

    @extend_schema(operation_id="messages_reaction_destroy", responses={202: MessageShape})
    def delete(self, request: Request, message_id: uuid.UUID) -> Response:
        message = message_for(request.auth, message_id)
        react(actor=request.auth, message=message, emoji="")
        return shown(message, status.HTTP_202_ACCEPTED)


class MessageTimeline(APIView):
    @extend_schema(operation_id="messages_timeline", responses={200: TimelineShape(many=True)})
    def get(self, request: Request, message_id: uuid.UUID) -> Response:
        """What happened to the message, oldest first."""
        message = message_for(request.auth, message_id)
        return Response([timeline_shape(entry) for entry in timeline_of(message)])


class _Resolve(APIView):
    deed: Callable[..., Message]

    def resolved(self, request: Request, message_id: uuid.UUID) -> Response:
        message = type(self).deed(actor=request.auth, message=message_for(request.auth, message_id))
        return shown(message)


class MessageRetry(_Resolve):
    deed = staticmethod(retry_message)

    @extend_schema(operation_id="messages_retry", request=None, responses={200: MessageShape})
    def post(self, request: Request, message_id: uuid.UUID) -> Response:
        """Send a failed message again; or an uncertain one, which then may arrive twice."""
        return self.resolved(request, message_id)


class MessageCancel(_Resolve):
    deed = staticmethod(cancel_message)

    @extend_schema(operation_id="messages_cancel", request=None, responses={200: MessageShape})
    def post(self, request: Request, message_id: uuid.UUID) -> Response:
        """Take back a message that still waits."""
        return self.resolved(request, message_id)


class MessageMarkSent(_Resolve):
    deed = staticmethod(mark_sent)

    @extend_schema(operation_id="messages_mark_sent", request=None, responses={200: MessageShape})
    def post(self, request: Request, message_id: uuid.UUID) -> Response:
        """Say that an uncertain message did arrive."""
        return self.resolved(request, message_id)


def shown(message: Message, code: int = status.HTTP_200_OK) -> Response:
    return Response(message_shape(bubbles([message])[0]), status=code)
