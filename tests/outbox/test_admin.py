"""Django admin of the outbox: rows are read, deeds go through the services."""

import pytest

from outbox.errors import GiveUp
from outbox.models import Item, Lane
from outbox.registry import Accepted
from outbox.states import ItemState
from tests.support.outbox import HandRelay, put
from workspaces.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client, world):
    user = User.objects.create_superuser(email="olga@example.com", password="correct-horse-battery", name="Olga")
    client.force_login(user)
    return client


@pytest.mark.parametrize("model", ["item", "lane", "hold", "worker"])
def test_rows_are_listed_and_cannot_be_added(operator, lane, chat, provider, model):
    put(lane, chat, "one")
    HandRelay()
    assert operator.get(f"/admin/outbox/{model}/").status_code == 200
    assert operator.get(f"/admin/outbox/{model}/add/").status_code == 403


def test_an_item_is_shown_with_its_attempts_and_without_its_words(operator, lane, chat, provider):
    provider.will("a private word", Accepted("wa-1"))
    item = put(lane, chat, "a private word")
    HandRelay().run()
    page = operator.get(f"/admin/outbox/item/{item.pk}/change/")
    assert page.status_code == 200
    assert "a private word" not in page.content.decode()
    assert operator.post(f"/admin/outbox/item/{item.pk}/change/", {"state": "failed"}).status_code == 403
    assert operator.post(f"/admin/outbox/item/{item.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Item.objects.get().state == ItemState.SENT


def test_deeds_report_what_was_too_late_and_do_the_rest(operator, lane, chat, provider):
    sending, waiting = put(lane, chat, "one"), put(lane, chat, "two")
    HandRelay().look()
    chosen = {"action": "cancel", "_selected_action": [str(sending.pk), str(waiting.pk)]}
    page = operator.post("/admin/outbox/item/", chosen, follow=True).content.decode()
    assert "1 cancelled." in page
    assert "It is too late" in page
    assert set(Item.objects.values_list("state", flat=True)) == {ItemState.QUEUED, ItemState.CANCELLED}


def test_what_is_tried_again_together_goes_in_the_order_in_which_it_was_written(operator, lane, chat, provider):
    texts = ["one", "two", "three"]
    for text in texts:
        provider.will(text, GiveUp("400", "No."))
    items = [put(lane, chat, text) for text in texts]
    relay = HandRelay()
    relay.run()
    operator.post("/admin/outbox/item/", {"action": "retry", "_selected_action": [str(item.pk) for item in items]})
    relay.run()
    assert provider.texts() == texts + texts


def test_a_lane_is_paused_and_resumed_with_a_note_of_who_did_it(operator, lane):
    for action in ("pause", "resume"):
        operator.post("/admin/outbox/lane/", {"action": action, "_selected_action": [str(lane.pk)]})
        assert Lane.objects.get(pk=lane.pk).paused is (action == "pause")
    assert list(AuditEntry.objects.order_by("id").values_list("deed", flat=True)) == ["lane.paused", "lane.resumed"]


def test_a_member_without_staff_rights_stays_outside(client, world):
    for member in (world.ana, world.zoe):
        client.force_login(member.user)
        assert client.get("/admin/outbox/lane/").status_code == 302
