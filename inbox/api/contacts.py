"""People, with all their ids."""

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox.access import contact_for
from inbox.api.asking import CURSOR, LIMIT, body_of, page_of, paged
from inbox.api.shapes import ContactShape, contact_shape
from inbox.forms import ContactForm, SeparateForm
from inbox.selectors.contacts import contact_page
from inbox.services.contacts import update_contact
from inbox.services.identities import separate
from kernel.paging import page_limit


class Contacts(APIView):
    @extend_schema(
        operation_id="contacts_list",
        parameters=[
            OpenApiParameter("q", str, description="The beginning of a name, or a part of a number."),
            LIMIT,
            CURSOR,
        ],
        responses={200: page_of(ContactShape)},
    )
    def get(self, request: Request) -> Response:
        """People, the newest first."""
        query = request.query_params
        page = contact_page(
            request.auth, q=query.get("q", ""), cursor=query.get("cursor"), limit=page_limit(query.get("limit"))
        )
        return paged(page, contact_shape)


class ContactDetail(APIView):
    @extend_schema(operation_id="contacts_retrieve", responses={200: ContactShape})
    def get(self, request: Request, contact_id: uuid.UUID) -> Response:
        return Response(contact_shape(contact_for(request.auth, contact_id)))

    @extend_schema(operation_id="contacts_partial_update", request=ContactForm, responses={200: ContactShape})
    def patch(self, request: Request, contact_id: uuid.UUID) -> Response:
        """Save our name for the person, and notes."""
        contact = contact_for(request.auth, contact_id)
        form = ContactForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        return Response(contact_shape(update_contact(actor=request.auth, contact=contact, **form.validated_data)))


class ContactSeparate(APIView):
    @extend_schema(operation_id="contacts_separate", request=SeparateForm, responses={200: ContactShape})
    def post(self, request: Request, contact_id: uuid.UUID) -> Response:
        """Somebody else goes by this id: take it off, with its chats. Answers with that other contact."""
        contact = contact_for(request.auth, contact_id)
        form = SeparateForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        other = separate(actor=request.auth, contact=contact, wa_id=form.validated_data["wa_id"])
        return Response(contact_shape(other))
