"""Queues over REST: lanes, pausing and resuming them, and the items in them."""

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kernel.errors import Invalid
from kernel.paging import page_limit
from outbox.access import hidden_lanes, lane_for, lane_to_operate
from outbox.api.shapes import ItemPageShape, LanePageShape, LaneShape, PauseShape, ResumeShape
from outbox.errors import NoSuchLane
from outbox.selectors.items import STATUSES, items_page
from outbox.selectors.lanes import LaneOverview, lane_overviews
from outbox.services import operating
from workspaces.access import Actor, require
from workspaces.roles import Permission


class Lanes(APIView):
    @extend_schema(operation_id="outbox_lanes_list", responses=LanePageShape)
    def get(self, request: Request) -> Response:
        """Every lane that one sees, with how it stands and why."""
        require(request.auth, Permission.SEE_OUTBOX)
        lanes = lane_overviews(request.auth.workspace_id, hidden=hidden_lanes(request.auth))
        return Response(LanePageShape({"results": lanes, "next": None}).data)


class PauseLane(APIView):
    @extend_schema(operation_id="outbox_lane_pause", request=PauseShape, responses=LaneShape)
    def post(self, request: Request, lane_id: uuid.UUID) -> Response:
        """Hold the lane until somebody resumes it. What is under way ends; nothing is lost."""
        lane = lane_to_operate(request.auth, lane_id)
        asked = PauseShape(data=request.data)
        asked.is_valid(raise_exception=True)
        operating.pause_lane(lane_id=lane.pk, actor=request.auth, **asked.validated_data)
        return Response(LaneShape(_overview(request.auth, lane_id)).data)


class ResumeLane(APIView):
    @extend_schema(operation_id="outbox_lane_resume", request=ResumeShape, responses=LaneShape)
    def post(self, request: Request, lane_id: uuid.UUID) -> Response:
        """End a person's hold; with `now`, also one that the provider asked for."""
        lane = lane_to_operate(request.auth, lane_id)
        asked = ResumeShape(data=request.data)
        asked.is_valid(raise_exception=True)
        deed = operating.clear_hold if asked.validated_data["now"] else operating.resume_lane
        deed(lane_id=lane.pk, actor=request.auth)
        return Response(LaneShape(_overview(request.auth, lane_id)).data)


class Items(APIView):
    @extend_schema(
        operation_id="outbox_list",
        parameters=[
            OpenApiParameter("status", str, enum=STATUSES),
            OpenApiParameter("lane", uuid.UUID),
            OpenApiParameter("kind", str),
            OpenApiParameter("limit", int, description="1 to 200; 50 when not given"),
            OpenApiParameter("cursor", str),
        ],
        responses=ItemPageShape,
    )
    def get(self, request: Request) -> Response:
        """Items of the lanes that one sees, newest first."""
        require(request.auth, Permission.SEE_OUTBOX)
        asked = request.query_params
        lane_id = _uuid(asked["lane"]) if asked.get("lane") else None
        if lane_id is not None:
            lane_for(request.auth, lane_id)
        page = items_page(
            request.auth.workspace_id,
            status=asked.get("status", ""),
            lane_id=lane_id,
            kind=asked.get("kind", "").replace("\x00", ""),
            hidden=hidden_lanes(request.auth),
            cursor=asked.get("cursor"),
            limit=page_limit(asked.get("limit")),
        )
        return Response(ItemPageShape({"results": page.rows, "next": page.next}).data)


def _overview(actor: Actor, lane_id: uuid.UUID) -> LaneOverview:
    for overview in lane_overviews(actor.workspace_id):
        if overview.lane.pk == lane_id:
            return overview
    raise NoSuchLane


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid("lane must be the id of a lane.", fields={"lane": ["not an id"]}) from None
