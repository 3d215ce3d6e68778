"""The inbound log over REST: search, look, replay."""

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kernel.errors import Invalid
from kernel.paging import page_limit
from webhooks.api.shapes import WebhookEventPageShape, WebhookEventShape, WholeWebhookEventShape
from webhooks.errors import NoSuchWebhookEvent
from webhooks.selectors.log import event_for, log_page
from webhooks.services.replaying import replay
from webhooks.states import Result
from workspaces.access import require
from workspaces.roles import Permission


class WebhookEvents(APIView):
    @extend_schema(
        operation_id="webhook_events_list",
        parameters=[
            OpenApiParameter("channel", uuid.UUID),
            OpenApiParameter("result", str, enum=Result.values),
            OpenApiParameter("wa_message_id", str, description="events about this message"),
            OpenApiParameter("limit", int, description="1 to 200; 50 when not given"),
            OpenApiParameter("cursor", str),
        ],
        responses=WebhookEventPageShape,
    )
    def get(self, request: Request) -> Response:
        """What providers sent, newest first, without bodies."""
        require(request.auth, Permission.SEE_WEBHOOK_LOG)
        asked = request.query_params
        page = log_page(
            request.auth,
            channel_id=_channel_id(asked.get("channel", "")),
            result=_result(asked.get("result", "")),
            wa_message_id=asked.get("wa_message_id", "").replace("\0", ""),
            cursor=asked.get("cursor"),
            limit=page_limit(asked.get("limit")),
        )
        return Response({"results": WebhookEventShape(page.rows, many=True).data, "next": page.next})


class OneWebhookEvent(APIView):
    @extend_schema(operation_id="webhook_events_read", responses=WholeWebhookEventShape)
    def get(self, request: Request, event_id: uuid.UUID) -> Response:
        """One event with its body."""
        require(request.auth, Permission.SEE_WEBHOOK_LOG)
        event = event_for(request.auth, event_id)
        if event is None:
            raise NoSuchWebhookEvent
        return Response(WholeWebhookEventShape(event).data)


class Replay(APIView):
    @extend_schema(operation_id="webhook_events_replay", request=None, responses=WebhookEventShape)
    def post(self, request: Request, event_id: uuid.UUID) -> Response:
        """Apply the event again, now. What it said before changes nothing a second time."""
        return Response(WebhookEventShape(replay(event_id=event_id, actor=request.auth)).data)


def _channel_id(text: str) -> uuid.UUID | None:
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid("channel must be the id of a channel.", fields={"channel": ["not an id"]}) from None


def _result(text: str) -> str:
    if text and text not in Result.values:
        raise Invalid(f"result must be one of: {', '.join(Result.values)}.", fields={"result": ["not a result"]})
    return text
