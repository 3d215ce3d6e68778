"""REST routes of the inbox app."""

from django.urls import path

from inbox.api import attachments, chats, contacts, messages, notes

urlpatterns = [
    path("chats", chats.Chats.as_view(), name="chat-list"),
    path("chats/<uuid:chat_id>", chats.ChatDetail.as_view(), name="chat-detail"),
    path("chats/<uuid:chat_id>/messages", chats.ChatMessages.as_view(), name="chat-messages"),
    path("chats/<uuid:chat_id>/read", chats.ChatRead.as_view(), name="chat-read"),
    path("chats/<uuid:chat_id>/notes", notes.ChatNotes.as_view(), name="chat-notes"),
    path("notes/<uuid:note_id>", notes.NoteDetail.as_view(), name="note-detail"),
    path("messages", chats.SendTo.as_view(), name="message-create"),
    path("messages/<uuid:message_id>", messages.MessageDetail.as_view(), name="message-detail"),
    path("messages/<uuid:message_id>/timeline", messages.MessageTimeline.as_view(), name="message-timeline"),
    path("messages/<uuid:message_id>/reaction", messages.MessageReaction.as_view(), name="message-reaction"),
    path("messages/<uuid:message_id>/retry", messages.MessageRetry.as_view(), name="message-retry"),
    path("messages/<uuid:message_id>/cancel", messages.MessageCancel.as_view(), name="message-cancel"),
    path("messages/<uuid:message_id>/mark-sent", messages.MessageMarkSent.as_view(), name="message-mark-sent"),
    path("contacts", contacts.Contacts.as_view(), name="contact-list"),
    path("contacts/<uuid:contact_id>", contacts.ContactDetail.as_view(), name="contact-detail"),
    path("contacts/<uuid:contact_id>/separate", contacts.ContactSeparate.as_view(), name="contact-separate"),
    path("attachments", attachments.Attachments.as_view(), name="attachment-list"),
    path("attachments/<uuid:attachment_id>", attachments.AttachmentDetail.as_view(), name="attachment-detail"),
]
