"""What the team keeps beside the conversation, unseen by the customer: labels, notes, drafts, quick replies."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from inbox.models.chat import Chat
from inbox.models.message import SEARCHED_WORDS, Message
from kernel.models import Row
from workspaces.models import Member, Workspace


class Label(Row):
    """A word that the team sorts chats by. `hue` is one of the 24 colours of the style sheet."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=40)
    hue = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace", Lower("name"), name="label_once"),
            models.CheckConstraint(condition=models.Q(hue__lt=24), name="label_hue_known"),
        ]

    def __str__(self) -> str:
        return self.name


class ChatLabel(Row):
    """A label on a chat."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="chat_labels", db_index=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="chat_labels")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chat", "label"], name="chat_label_once")]


class Note(Row):
    """What a member wrote to the team in a chat. It stands among the messages by `created_at` and is never sent."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="notes", db_index=False)
    author = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    author_name = models.CharField(max_length=200)
    client_id = models.CharField(max_length=64)
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, help_text="Grows with every change; older frames are dropped.")
    search = models.GeneratedField(
        expression=SEARCHED_WORDS,
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "client_id"], name="note_client_id_once")]
        indexes = [
            models.Index(fields=["chat", "-created_at", "-id"], name="note_newest"),
            GinIndex(fields=["search"], name="note_search"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Mention(Row):
    """A member named in a note; unread until they open the chat."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="mentions")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "member"], name="mention_once")]
        indexes = [
            models.Index(fields=["member"], condition=models.Q(read_at__isnull=True), name="mention_unread"),
        ]


class TextDraft(Row):
    """What a member has typed in a chat and not sent. The last writer wins, by `edited_at`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False)
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="drafts")
    text = models.TextField(blank=True)
    as_note = models.BooleanField(default=False)
    quoted = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    edited_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "chat"], name="text_draft_once")]


class QuickReply(Row):
    """A text that is written often, found by its shortcut. Variables stand in it as {{name}}."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    shortcut = models.CharField(max_length=40)
    text = models.TextField()
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "quick replies"
        constraints = [models.UniqueConstraint("workspace", Lower("shortcut"), name="quick_reply_once")]

    def __str__(self) -> str:
        return self.shortcut
