"""A thread on a channel, who is in it, and how far each member has read."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils import timezone

from channels_app.models import Channel
from channels_app.models.restriction import hidden_channels
from channels_app.policy import WA_ID_LIMIT
from inbox.models.contact import Contact
from inbox.models.folding import Folded
from inbox.states import ChatState
from kernel.models import Row
from workspaces.access import Actor
from workspaces.models import Member, Workspace
from workspaces.roles import Permission

NAME_WORDS = SearchVector(Folded("name"), config="simple")


class ChatQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> "ChatQuerySet":
        """The one rule of who sees which chats; lists, counts, search, sockets and the API all ask here."""
        if not actor.may(Permission.SEE_CHATS):
            return self.none()
        own = self.filter(workspace_id=actor.workspace_id, merged_into__isnull=True)
        return own.exclude(channel_id__in=hidden_channels(actor))


class Chat(Row):
    """Keyed by the WhatsApp id within a channel. `name` is a group's subject; a direct chat has its contact's name."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="chats", db_index=False)
    wa_chat_id = models.CharField(max_length=WA_ID_LIMIT)
    kind = models.CharField(max_length=6, choices=[("direct", "Direct"), ("group", "Group")])
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="chats", db_index=False
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The chat that holds its messages, since both are with one person.",
    )
    name = models.CharField(max_length=200, blank=True)
    name_at = models.DateTimeField(null=True, blank=True)
    read_only = models.BooleanField(default=False)
    read_only_reason = models.CharField(max_length=200, blank=True)
    only_admins_write = models.BooleanField(default=False)
    assigned_to = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned_chats", db_index=False
    )
    state = models.CharField(
        max_length=7, choices=ChatState.choices, default=ChatState.OPEN, db_default=ChatState.OPEN.value
    )
    done_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True, help_text="Out of the open tabs until then.")
    away_told_at = models.DateTimeField(
        null=True, blank=True, help_text="When the text for closed hours was last sent."
    )
    muted_until = models.DateTimeField(null=True, blank=True)
    window_expires_at = models.DateTimeField(null=True, blank=True)
    last_message_id = models.UUIDField(null=True, editable=False)
    last_message_at = models.DateTimeField(default=timezone.now)
    read_up_to = models.UUIDField(null=True, help_text="The newest message when anybody last read the chat.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ChatQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "wa_chat_id"], name="chat_once_per_channel"),
            models.CheckConstraint(condition=models.Q(kind__in=["direct", "group"]), name="chat_kind_known"),
            models.CheckConstraint(condition=models.Q(state__in=ChatState.values), name="chat_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="snoozed", snoozed_until__isnull=False)
                | ~models.Q(state="snoozed") & models.Q(snoozed_until__isnull=True),
                name="chat_snoozed_until_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-last_message_at", "-id"], name="chat_newest"),
            # The state leads: of 100,000 chats most are done, and the open ones must not be looked for among them.
            models.Index(fields=["workspace", "state", "-last_message_at", "-id"], name="chat_newest_by_state"),
            models.Index(
                fields=["workspace", "assigned_to", "state", "-last_message_at", "-id"], name="chat_newest_by_assignee"
            ),
            models.Index(fields=["channel", "state", "-last_message_at", "-id"], name="chat_newest_by_channel"),
            models.Index(fields=["snoozed_until"], condition=models.Q(state="snoozed"), name="chat_wakes"),
            models.Index(
                fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="chat_merged_into"
            ),
            models.Index(fields=["contact"], condition=models.Q(contact__isnull=False), name="chat_by_contact"),
            GinIndex(NAME_WORDS, name="chat_name_search"),
        ]

    def __str__(self) -> str:
        return self.name or self.wa_chat_id


class Participant(Row):
    """Somebody in a group."""

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="participants")
    wa_id = models.CharField(max_length=WA_ID_LIMIT)
    rank = models.CharField(max_length=8, default="member")
    left = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chat", "wa_id"], name="participant_once_per_chat")]


class ReadCursor(Row):
    """How far a member has read a chat: inbound messages with a greater id are unread."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False)
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="read_cursors")
    read_up_to = models.UUIDField()
    marked_unread = models.BooleanField(default=False)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "chat"], name="read_cursor_once")]
