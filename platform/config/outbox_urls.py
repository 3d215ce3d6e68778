"""URLs of the outbox page: it names chats, so it lives above the outbox, under the outbox's name."""

from django.urls import path

from config.views import outbox_page

app_name = "outbox"
urlpatterns = [
    path("w/<slug:slug>/outbox/", outbox_page.lane_list, name="lane-list"),
    path("w/<slug:slug>/outbox/lanes/", outbox_page.lane_part, name="lane-part"),
    path("w/<slug:slug>/outbox/lanes/<uuid:lane_id>/<slug:deed>/", outbox_page.lane_act, name="lane-act"),
    path("w/<slug:slug>/outbox/items/", outbox_page.item_part, name="item-part"),
    path("w/<slug:slug>/outbox/items/act/", outbox_page.items_act, name="items-act"),
]
