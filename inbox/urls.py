"""URLs of the inbox app."""

from django.urls import path

from inbox.views.attachments import attachment_fetch, attachment_file, attachment_thumbnail, attachment_upload
from inbox.views.chat_list import chat_counts, chat_list, chat_rows, first_steps_close
from inbox.views.composing import draft_save, emoji_picker, mention_picker, quick_reply_picker
from inbox.views.conversations import chat_detail, chat_read, chat_standing
from inbox.views.deeds import chat_assign, chat_contact, chat_label, chat_mute, chat_separate, chat_state, chat_unread
from inbox.views.details import chat_info
from inbox.views.messages import (
    message_deleted,
    message_edit,
    message_list,
    message_react,
    message_reschedule,
    message_resolve,
    message_revoke,
)
from inbox.views.notes import note_create, note_delete, note_edit
from inbox.views.palette import palette
from inbox.views.pickers import chat_pick
from inbox.views.settings.labels import labels
from inbox.views.settings.quick_replies import quick_replies
from inbox.views.settings.rules import availability, rules
from inbox.views.settings.teams import teams
from inbox.views.starting import chat_new, chat_people
from inbox.views.templates import template_picker
from inbox.views.timelines import message_timeline

app_name = "inbox"
inbox = "w/<slug:slug>/inbox"
urlpatterns = [
    path("w/<slug:slug>/settings/labels/", labels, name="settings-labels"),
    path("w/<slug:slug>/settings/quick-replies/", quick_replies, name="settings-quick-replies"),
    path("w/<slug:slug>/settings/teams/", teams, name="settings-teams"),
    path("w/<slug:slug>/settings/rules/", rules, name="settings-rules"),
    path("w/<slug:slug>/settings/availability/", availability, name="availability"),
    path(f"{inbox}/", chat_list, name="chat-list"),
    path(f"{inbox}/rows/", chat_rows, name="chat-rows"),
    path(f"{inbox}/counts/", chat_counts, name="chat-counts"),
    path(f"{inbox}/first-steps/", first_steps_close, name="first-steps"),
    path(f"{inbox}/new/", chat_new, name="chat-new"),
    path(f"{inbox}/new/people/", chat_people, name="chat-people"),
    path(f"{inbox}/palette/", palette, name="palette"),
    path(f"{inbox}/uploads/", attachment_upload, name="attachment-upload"),
    path(f"{inbox}/uploads/<uuid:upload_id>/", attachment_upload, name="attachment-part"),
    path(f"{inbox}/files/<uuid:attachment_id>/", attachment_file, name="attachment-file"),
    path(f"{inbox}/files/<uuid:attachment_id>/small/", attachment_thumbnail, name="attachment-thumbnail"),
    path(f"{inbox}/files/<uuid:attachment_id>/fetch/", attachment_fetch, name="attachment-fetch"),
    path(f"{inbox}/messages/<uuid:message_id>/timeline/", message_timeline, name="message-timeline"),
    path(f"{inbox}/messages/<uuid:message_id>/reaction/", message_react, name="message-react"),
    path(f"{inbox}/messages/<uuid:message_id>/edit/", message_edit, name="message-edit"),
    path(f"{inbox}/messages/<uuid:message_id>/delete/", message_revoke, name="message-revoke"),
    path(f"{inbox}/messages/<uuid:message_id>/deleted/", message_deleted, name="message-deleted"),
    path(f"{inbox}/messages/<uuid:message_id>/reschedule/", message_reschedule, name="message-reschedule"),
    path(f"{inbox}/notes/<uuid:note_id>/edit/", note_edit, name="note-edit"),
    path(f"{inbox}/notes/<uuid:note_id>/delete/", note_delete, name="note-delete"),
    path(f"{inbox}/mentions/", mention_picker, name="mention-picker"),
    path(f"{inbox}/emoji/", emoji_picker, name="emoji-picker"),
    *(
        path(f"{inbox}/messages/<uuid:message_id>/{deed}/", message_resolve, {"deed": deed}, name=f"message-{deed}")
        for deed in ("retry", "cancel", "mark-sent")
    ),
    path(f"{inbox}/<uuid:chat_id>/", chat_detail, name="chat-detail"),
    path(f"{inbox}/<uuid:chat_id>/messages/", message_list, name="message-list"),
    path(f"{inbox}/<uuid:chat_id>/notes/", note_create, name="note-create"),
    path(f"{inbox}/<uuid:chat_id>/draft/", draft_save, name="draft-save"),
    path(f"{inbox}/<uuid:chat_id>/quick-replies/", quick_reply_picker, name="quick-reply-picker"),
    path(f"{inbox}/<uuid:chat_id>/templates/", template_picker, name="template-picker"),
    path(f"{inbox}/<uuid:chat_id>/standing/", chat_standing, name="chat-standing"),
    path(f"{inbox}/<uuid:chat_id>/details/", chat_info, name="chat-info"),
    path(f"{inbox}/<uuid:chat_id>/read/", chat_read, name="chat-read"),
    path(f"{inbox}/<uuid:chat_id>/assign/", chat_assign, name="chat-assign"),
    path(f"{inbox}/<uuid:chat_id>/state/", chat_state, name="chat-state"),
    path(f"{inbox}/<uuid:chat_id>/label/", chat_label, name="chat-label"),
    path(f"{inbox}/<uuid:chat_id>/mute/", chat_mute, name="chat-mute"),
    path(f"{inbox}/<uuid:chat_id>/unread/", chat_unread, name="chat-unread"),
    path(f"{inbox}/<uuid:chat_id>/contact/", chat_contact, name="chat-contact"),
    path(f"{inbox}/<uuid:chat_id>/separate/", chat_separate, name="chat-separate"),
    path(f"{inbox}/<uuid:chat_id>/pick/<slug:what>/", chat_pick, name="chat-pick"),
]
