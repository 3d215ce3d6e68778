"""Where sockets are opened."""

from django.urls import path

from inbox.realtime.consumers import InboxConsumer

websocket_urlpatterns = [path("ws/w/<slug:slug>/inbox/", InboxConsumer.as_asgi())]
