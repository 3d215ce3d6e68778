"""Templates over REST: what a number may say to people who have not written for a day."""

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels_app.access import channel_for
from channels_app.models import MessageTemplate
from channels_app.selectors.templates import templates_page
from channels_app.services.templates import blanks_of, sync_templates
from kernel.paging import page_limit


class BlankShape(serializers.Serializer):
    key = serializers.CharField(help_text='E.g. "1" or "name" in the body, "header.1", "header.image", "button.0".')
    example = serializers.CharField()
    file = serializers.CharField(
        help_text="image, video or document: the message's `attachment` may stand here in place of a link."
    )


class TemplateShape(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    language = serializers.CharField()
    category = serializers.CharField()
    status = serializers.CharField(help_text="Only an approved one can be sent.")
    components = serializers.JSONField(help_text="As the provider gives them.")
    variables = serializers.SerializerMethodField(help_text="What `variables` of a send has to name.")
    synced_at = serializers.DateTimeField()

    def get_variables(self, template: MessageTemplate) -> list[dict[str, Any]]:
        return [vars(blank) for blank in blanks_of(template)]


class TemplatePageShape(serializers.Serializer):
    results = TemplateShape(many=True)
    next = serializers.CharField(allow_null=True)


class Templates(APIView):
    @extend_schema(
        operation_id="channels_templates",
        parameters=[
            OpenApiParameter("limit", int, description="1 to 200; 50 when not given"),
            OpenApiParameter("cursor", str),
        ],
        responses=TemplatePageShape,
    )
    def get(self, request: Request, channel_id: uuid.UUID) -> Response:
        """The number's templates in all states, by name, as they were when they were last read."""
        channel = channel_for(request.auth, channel_id)
        limit = page_limit(request.query_params.get("limit"))
        page = templates_page(channel.pk, cursor=request.query_params.get("cursor"), limit=limit)
        return Response({"results": TemplateShape(page.rows, many=True).data, "next": page.next})


class SyncTemplates(APIView):
    @extend_schema(operation_id="channels_sync_templates", request=None, responses={202: None})
    def post(self, request: Request, channel_id: uuid.UUID) -> Response:
        """Read them from the provider again. 409 for a number whose provider has none."""
        sync_templates(actor=request.auth, channel_id=channel_id)
        return Response(status=202)
