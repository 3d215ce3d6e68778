"""Chats: the list, one chat, its messages, and reading it."""

import uuid
from dataclasses import asdict

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels_app.access import channel_for
from channels_app.policy import WA_ID_LIMIT
from inbox.access import chat_for
from inbox.api.asking import CURSOR, LIMIT, body_of, page_of, paged, uuid_or_none, yes_or_none
from inbox.api.shapes import ChatDetailShape, ChatShape, MessageShape, chat_shape, message_shape
from inbox.forms import DraftForm
from inbox.models import Chat
from inbox.selectors.chat_list import chat_page, chat_rows
from inbox.selectors.messages import bubbles, messages_page
from inbox.selectors.people import participants_of
from inbox.services.assigning import assign_chat, mute_chat
from inbox.services.labelling import set_labels
from inbox.services.reading import mark_read
from inbox.services.sending import send_message, start_chat
from inbox.services.shelving import finish_chat, reopen_chat, snooze_chat
from inbox.states import ChatState
from kernel.errors import Invalid
from kernel.paging import Page, page_limit
from workspaces.access import Actor
from workspaces.models import Member


class StartChatForm(serializers.Serializer):
    channel = serializers.UUIDField()
    to = serializers.CharField(max_length=WA_ID_LIMIT, help_text="A phone number with country code, or a WhatsApp id.")


class ChangeChatForm(serializers.Serializer):
    assigned_to = serializers.UUIDField(required=False, allow_null=True, help_text="A member's id, or null for nobody.")
    muted_until = serializers.DateTimeField(required=False, allow_null=True)
    done = serializers.BooleanField(required=False, help_text="Put aside until the customer writes again.")
    snoozed_until = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Put off until then, or until the customer writes; null: now."
    )
    labels = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=50,
        help_text="Names of the labels that the chat is to have, and no others. They exist already.",
    )


class SendToForm(StartChatForm, DraftForm):
    """A message to a phone number or WhatsApp id; the chat is found or made."""


class Chats(APIView):
    @extend_schema(
        operation_id="chats_list",
        parameters=[
            OpenApiParameter("channel", uuid.UUID),
            OpenApiParameter("assigned", str, description="me, none, or a member's id."),
            OpenApiParameter("unread", bool, description="1: only chats with something unread."),
            OpenApiParameter("done", bool, description="1: only chats put aside; 0: only open ones."),
            OpenApiParameter("state", str, enum=ChatState.values),
            OpenApiParameter("label", uuid.UUID, description="A label's id."),
            OpenApiParameter("q", str, description="Beginnings of names or words, or a part of a number."),
            LIMIT,
            CURSOR,
        ],
        responses={200: page_of(ChatShape)},
    )
    def get(self, request: Request) -> Response:
        """Chats, newest activity first. With `unread=1` a page may be short and still name a next one."""
        query = request.query_params
        page = chat_page(
            request.auth,
            channel=uuid_or_none(query.get("channel"), "channel"),
            assigned=query.get("assigned"),
            unread=bool(yes_or_none(query.get("unread"), "unread")),
            state=_state(query),
            label=uuid_or_none(query.get("label"), "label"),
            q=query.get("q", ""),
            cursor=query.get("cursor"),
            limit=page_limit(query.get("limit")),
        )
        return paged(page, chat_shape)

    @extend_schema(operation_id="chats_create", request=StartChatForm, responses={200: ChatDetailShape})
    def post(self, request: Request) -> Response:
        """The chat with a person on a channel, found or made."""
        form = StartChatForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        channel = channel_for(request.auth, form.validated_data["channel"])
        chat = start_chat(actor=request.auth, channel=channel, to=form.validated_data["to"])
        return Response(detail_of(request.auth, chat_for(request.auth, chat.pk)))


class ChatDetail(APIView):
    @extend_schema(operation_id="chats_retrieve", responses={200: ChatDetailShape})
    def get(self, request: Request, chat_id: uuid.UUID) -> Response:
        return Response(detail_of(request.auth, chat_for(request.auth, chat_id)))

    @extend_schema(operation_id="chats_partial_update", request=ChangeChatForm, responses={200: ChatDetailShape})
    def patch(self, request: Request, chat_id: uuid.UUID) -> Response:
        """Change who takes care of it, whether it waits, its labels, and until when it makes no noise."""
        chat = chat_for(request.auth, chat_id)
        form = ChangeChatForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        if "assigned_to" in asked:
            assign_chat(actor=request.auth, chat=chat, member=_member(request.auth, asked["assigned_to"]))
        if "muted_until" in asked:
            mute_chat(actor=request.auth, chat=chat, until=asked["muted_until"])
        if "labels" in asked:
            set_labels(actor=request.auth, chat=chat, names=asked["labels"])
        if "done" in asked:
            (finish_chat if asked["done"] else reopen_chat)(actor=request.auth, chat=chat)
        if asked.get("snoozed_until"):
            snooze_chat(actor=request.auth, chat=chat, until=asked["snoozed_until"])
        elif "snoozed_until" in asked and chat.state == ChatState.SNOOZED:
            reopen_chat(actor=request.auth, chat=chat)
        return Response(detail_of(request.auth, chat))


class ChatMessages(APIView):
    @extend_schema(
        operation_id="chat_messages_list", parameters=[LIMIT, CURSOR], responses={200: page_of(MessageShape)}
    )
    def get(self, request: Request, chat_id: uuid.UUID) -> Response:
        """Messages of the chat, newest first."""
        chat = chat_for(request.auth, chat_id)
        query = request.query_params
        page = messages_page(chat, cursor=query.get("cursor"), limit=page_limit(query.get("limit")))
        return paged(Page(rows=bubbles(page.rows), next=page.next), message_shape)

    @extend_schema(
        operation_id="chat_messages_create",
        request=DraftForm,
        responses={202: MessageShape},
    )
    def post(self, request: Request, chat_id: uuid.UUID) -> Response:
        """Send a message. 202 means: written down together with its place in the outbox."""
        chat = chat_for(request.auth, chat_id)
        form = DraftForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        return sent(request.auth, chat, form)


class SendTo(APIView):
    @extend_schema(operation_id="messages_create", request=SendToForm, responses={202: MessageShape})
    def post(self, request: Request) -> Response:
        """Send a message to a phone number or WhatsApp id; the chat is found or made."""
        form = SendToForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        form.draft().check()
        channel = channel_for(request.auth, form.validated_data["channel"])
        chat = start_chat(actor=request.auth, channel=channel, to=form.validated_data["to"])
        return sent(request.auth, chat, form)


class ChatRead(APIView):
    @extend_schema(operation_id="chats_read", request=None, responses={204: None})
    def post(self, request: Request, chat_id: uuid.UUID) -> Response:
        """Read up to now."""
        mark_read(actor=request.auth, chat=chat_for(request.auth, chat_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


def sent(actor: Actor, chat: Chat, form: DraftForm) -> Response:
    asked = form.validated_data
    message = send_message(
        actor=actor, chat=chat, client_id=asked["client_id"], draft=form.draft(), due_at=asked["due_at"]
    )
    return Response(message_shape(bubbles([message])[0]), status=status.HTTP_202_ACCEPTED)


def detail_of(actor: Actor, chat: Chat) -> dict:
    return chat_shape(chat_rows(actor, [chat])[0]) | {"participants": [asdict(one) for one in participants_of(chat)]}


def _state(query: QueryDict) -> str | None:
    """`state`, or what the older `done` means. Raises Invalid."""
    state = query.get("state")
    if state and state not in ChatState.values:
        raise Invalid("state must be open, snoozed or done.", fields={"state": ["open, snoozed or done"]})
    done = yes_or_none(query.get("done"), "done")
    return state or (None if done is None else ChatState.DONE if done else ChatState.OPEN)


def _member(actor: Actor, member_id: uuid.UUID | None) -> Member | None:
    if member_id is None:
        return None
    member = Member.objects.select_related("user").filter(workspace_id=actor.workspace_id, pk=member_id).first()
    if member is None:
        raise Invalid("There is no such member.", fields={"assigned_to": ["not a member"]})
    return member
