"""A message, its files, and the facts that arrived about it."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Left
from django.utils import timezone

from channels_app.models import Channel
from channels_app.models.restriction import hidden_channels
from channels_app.policy import WA_ID_LIMIT
from inbox.models.chat import Chat
from inbox.models.contact import Contact
from inbox.models.folding import Folded
from inbox.states import AttachmentState, Direction, FactKind, MessageStatus, MessageType
from kernel.models import Row
from workspaces.access import Actor
from workspaces.models import Member, Workspace
from workspaces.roles import Permission

HISTORY = "history"
"""The source of what a phone knew before it was connected: old, no news to anybody, no reason to open a chat again."""

COUNTS_AS_UNREAD = models.Q(direction=Direction.INBOUND) & ~models.Q(source=HISTORY)
"""Until somebody reads up to it. Statements of our own say the same: direction = 'inbound' AND source <> 'history'."""

SEARCHED_CHARACTERS = 65_536
SEARCHED_WORDS = SearchVector(Left(Folded(Left("text", SEARCHED_CHARACTERS)), SEARCHED_CHARACTERS), config="simple")
"""The words of an endless text would not fit into a tsvector, and the message could not be stored. Cut twice, because
taking letters apart makes a text longer."""


class MessageQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> "MessageQuerySet":
        """Messages of the chats that `actor` sees. Follows the rule of ChatQuerySet.visible_to."""
        if not actor.may(Permission.SEE_CHATS):
            return self.none()
        return self.filter(workspace_id=actor.workspace_id).exclude(channel_id__in=hidden_channels(actor))

    def with_people(self) -> "MessageQuerySet":
        """With everybody whom a bubble names, the quoted message, and the vendor's name as `provider`: one query."""
        people = ("sender_member__user", "sender_contact")
        related = self.select_related(*people, "quoted", *(f"quoted__{who}" for who in people))
        return related.annotate(provider=models.F("channel__provider"))


class Message(Row):
    """What the team sees. Everything that arrives later about it (reports, edits, reactions) is a MessageFact keyed by
    `wa_message_id`; status, text, edited_at and deleted_at here are folded from those facts."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="messages", db_index=False)
    came_as = models.CharField(
        max_length=WA_ID_LIMIT,
        blank=True,
        db_default="",
        help_text="The WhatsApp id that the provider gave the chat, where the chat goes by another of the same person.",
    )
    direction = models.CharField(max_length=8, choices=Direction.choices)
    type = models.CharField(max_length=12, choices=MessageType.choices)
    text = models.TextField(blank=True)
    original_text = models.TextField(blank=True, help_text="As first sent; `text` is the latest edit.")
    wa_message_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  unique where known
    client_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  unique where given
    client_digest = models.CharField(
        max_length=64, blank=True, help_text="Of the request body, to tell a repeat from a reuse."
    )
    sender_member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    sender_contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    sender_wa_id = models.CharField(max_length=WA_ID_LIMIT, blank=True)
    sender_name = models.CharField(max_length=200, blank=True)
    source = models.CharField(
        max_length=16, blank=True, help_text="waybill, or what the provider said: mobile, web, api, system …"
    )
    status = models.CharField(max_length=10, choices=MessageStatus.choices)
    error_code = models.CharField(max_length=60, blank=True)
    error_detail = models.CharField(max_length=500, blank=True)
    quoted = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    quoted_wa_id = models.CharField(max_length=255, blank=True)
    location = models.JSONField(null=True, blank=True)
    contacts = models.JSONField(null=True, blank=True)
    poll = models.JSONField(null=True, blank=True)
    button = models.JSONField(null=True, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    sort_at = models.DateTimeField(
        help_text="Where it stands in the chat: the provider's time; for ours, when it was written."
    )
    due_at = models.DateTimeField(null=True, blank=True, help_text="When it is to be sent, if somebody scheduled it.")
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    played_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    change = models.JSONField(
        null=True,
        blank=True,
        help_text="An edit, revoke or reaction that the provider has not taken yet: {kind, value, state, detail}.",
    )
    version = models.PositiveIntegerField(
        default=1, help_text="Grows with every visible change; older frames are dropped."
    )
    search = models.GeneratedField(
        expression=SEARCHED_WORDS,
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "wa_message_id"], name="message_once_per_channel"),
            models.UniqueConstraint(fields=["workspace", "client_id"], name="message_client_id_once"),
            models.CheckConstraint(condition=models.Q(status__in=MessageStatus.values), name="message_status_known"),
            models.CheckConstraint(condition=models.Q(type__in=MessageType.values), name="message_type_known"),
            models.CheckConstraint(
                condition=models.Q(direction="inbound", status="received")
                | models.Q(direction="outbound") & ~models.Q(status="received"),
                name="message_status_fits_direction",
            ),
        ]
        indexes = [
            models.Index(fields=["chat", "-sort_at", "-id"], name="message_newest"),
            models.Index(fields=["chat", "-id"], condition=COUNTS_AS_UNREAD, name="message_unread"),
            models.Index(
                fields=["channel", "quoted_wa_id"],
                condition=models.Q(quoted__isnull=True) & ~models.Q(quoted_wa_id=""),
                name="message_reply_waiting",
            ),
            # Without it, to delete one message (an echo that became ours) is to look through all of them.
            models.Index(fields=["quoted"], condition=models.Q(quoted__isnull=False), name="message_quoted_by"),
            GinIndex(fields=["search"], name="message_search"),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.type} {self.id}"


class Attachment(Row):
    """A file of a message. `path` names it in the default storage once it is here."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments")
    uploaded_by = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=8)
    mime_type = models.CharField(max_length=120, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    seconds = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=AttachmentState.choices, default=AttachmentState.PENDING)
    state_detail = models.CharField(max_length=300, blank=True)
    path = models.CharField(max_length=300, blank=True)
    provider_media_id = models.CharField(max_length=300, blank=True)
    provider_link = models.TextField(blank=True, help_text="May hold the number's own digits: never shown.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)


class MessageFact(Row):
    """One thing that a provider said about a message, kept also when the message itself has not come yet.

    The facts of a message are a set: (kind, key) is unique and a repeat changes nothing or moves `at` forward, so that
    any order and any repetition of deliveries ends in the same set, and what the team sees is a function of it
    (services/folding.py).
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    wa_message_id = models.CharField(max_length=255, help_text="The message it is about.")
    kind = models.CharField(max_length=8, choices=FactKind.choices)
    key = models.CharField(
        max_length=200, help_text="What makes it the same fact: status word and viewer, edit digest, reacting person."
    )
    actor_wa_id = models.CharField(max_length=WA_ID_LIMIT, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    value = models.JSONField(default=dict)
    at = models.DateTimeField(null=True)
    tie = models.CharField(max_length=300, blank=True, help_text="Decides between equal times.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "wa_message_id", "kind", "key"], name="message_fact_once"),
        ]


class MessageDeed(models.Model):
    """What a person did about a message: cancelled, retried, marked as sent, edited … Kept for its timeline."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deeds")
    at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=16, help_text="An event of the timeline.")
    detail = models.CharField(max_length=300, help_text="A sentence that names who did it.")

    def __str__(self) -> str:
        return self.detail
