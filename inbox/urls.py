"""URLs of the inbox app."""

from django.urls import path

from inbox.views.attachments import attachment_file, attachment_upload
from inbox.views.chat_list import chat_counts, chat_list, chat_rows
from inbox.views.conversations import chat_assign, chat_detail, chat_info, chat_read, chat_standing
from inbox.views.messages import message_list, message_react, message_resolve
from inbox.views.timelines import message_timeline

app_name = "inbox"
inbox = "w/<slug:slug>/inbox"
urlpatterns = [
    path(f"{inbox}/", chat_list, name="chat-list"),
    path(f"{inbox}/rows/", chat_rows, name="chat-rows"),
    path(f"{inbox}/counts/", chat_counts, name="chat-counts"),
    path(f"{inbox}/uploads/", attachment_upload, name="attachment-upload"),
    path(f"{inbox}/files/<uuid:attachment_id>/", attachment_file, name="attachment-file"),
    path(f"{inbox}/messages/<uuid:message_id>/timeline/", message_timeline, name="message-timeline"),
    path(f"{inbox}/messages/<uuid:message_id>/reaction/", message_react, name="message-react"),
    *(
        path(f"{inbox}/messages/<uuid:message_id>/{deed}/", message_resolve, {"deed": deed}, name=f"message-{deed}")
        for deed in ("retry", "cancel", "mark-sent")
    ),
    path(f"{inbox}/<uuid:chat_id>/", chat_detail, name="chat-detail"),
    path(f"{inbox}/<uuid:chat_id>/messages/", message_list, name="message-list"),
    path(f"{inbox}/<uuid:chat_id>/standing/", chat_standing, name="chat-standing"),
    path(f"{inbox}/<uuid:chat_id>/details/", chat_info, name="chat-info"),
    path(f"{inbox}/<uuid:chat_id>/read/", chat_read, name="chat-read"),
    path(f"{inbox}/<uuid:chat_id>/assign/", chat_assign, name="chat-assign"),
]
