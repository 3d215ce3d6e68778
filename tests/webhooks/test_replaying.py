"""Replays: one event, a filter, any number of times."""

import pytest
from django.core.management import CommandError, call_command

from channels_app.models import Channel
from inbox.models import Chat, Message, MessageFact, Participant
from kernel.errors import Forbidden
from tests.webhooks.bodies import CUSTOMER, GROUP, body, messages, status, statuses, text
from webhooks.errors import NoSuchWebhookEvent, NotReplayable
from webhooks.models import InboundEvent
from webhooks.services.applying import apply_pending, sweep_pending
from webhooks.services.replaying import Wanted, replay, replay_many
from webhooks.states import Result
from workspaces.models import AuditEntry


def everything() -> list:
    return [
        sorted(Message.objects.values_list("pk", "text", "status", "version", "deleted_at", "edited_at")),
        sorted(Chat.objects.values_list("pk", "name", "last_message_id", "read_up_to", "done_at", "read_only")),
        sorted(MessageFact.objects.values_list("pk", "kind", "key", "at", "tie")),
        sorted(Participant.objects.values_list("chat", "wa_id", "rank", "left")),
        sorted(Channel.objects.values_list("pk", "status", "own_wa_id")),
    ]


def test_replaying_everything_changes_nothing(world, post):
    group = {"id": GROUP, "name": "Team", "type": "group", "participants": [{"id": CUSTOMER, "rank": "admin"}]}
    post(world.channel, messages(text("a"), text("b", chat_id=GROUP, chat_name="Team")))
    post(world.channel, statuses(status("a", "read")))
    post(world.channel, body("groups", "post", "groups", group))
    member = {"group_id": GROUP, "participants": [CUSTOMER]}
    post(world.channel, body("groups", "put", "groups_participants", {**member, "action": "remove"}))
    post(world.channel, {"health": {"status": {"text": "STOP"}}, "event": {"type": "channel", "event": "post"}})
    post(world.channel, {"health": {"status": {"text": "AUTH"}}, "event": {"type": "channel", "event": "post"}})
    sweep_pending()
    before = everything()
    for _ in range(2):
        assert replay_many(Wanted(channel_id=world.channel.pk)).total() == 6
        assert everything() == before


def test_an_old_event_replayed_alone_does_not_undo_what_came_later(world, post):
    member = {"group_id": GROUP, "participants": [CUSTOMER]}
    post(world.channel, body("groups", "put", "groups_participants", {**member, "action": "remove"}))
    apply_pending()
    old = InboundEvent.objects.get()
    post(world.channel, body("groups", "put", "groups_participants", {**member, "action": "add"}))
    apply_pending()
    replay(event_id=old.pk, actor=world.ana)
    assert not Participant.objects.get().left


def test_a_parked_event_arrives_when_it_is_replayed_after_the_cause_is_gone(world, post, monkeypatch):
    from webhooks.services import applying

    with monkeypatch.context() as patched:
        patched.setattr(applying.gateway, "parse", lambda *_, **__: 1 / 0)
        post(world.channel, messages(text("a")))
        apply_pending()
    event = InboundEvent.objects.get()
    assert event.result == Result.PARKED
    event = replay(event_id=event.pk, actor=world.adam)
    assert (event.result, event.reason, event.attempts) == (Result.APPLIED, "", 2)
    assert Message.objects.get().wa_message_id == "a"
    entry = AuditEntry.objects.get(deed="webhook.replayed")
    assert entry.details == {"event": str(event.pk)}


def test_a_refused_request_cannot_be_replayed(world, post):
    post(world.channel, b"{")
    with pytest.raises(NotReplayable):
        replay(event_id=InboundEvent.objects.get().pk, actor=world.ana)


def test_who_may_not_replay_is_told_so_and_zoe_finds_nothing(world, post):
    post(world.channel, messages(text("a")))
    event = InboundEvent.objects.get()
    with pytest.raises(Forbidden):
        replay(event_id=event.pk, actor=world.ben)
    with pytest.raises(NoSuchWebhookEvent):
        replay(event_id=event.pk, actor=world.zoe)
    event.refresh_from_db()
    assert event.result == Result.PENDING


def test_replay_webhooks_filters_counts_and_can_only_count(world, post, capsys):
    post(world.channel, messages(text("a")))
    post(world.channel, {})
    post(world.zoes_channel, messages(text("z")))
    sweep_pending()
    ids = list(InboundEvent.objects.order_by("id").values_list("pk", flat=True))

    def said(*arguments) -> str:
        call_command("replay_webhooks", *arguments)
        return capsys.readouterr().out.strip()

    assert said("--channel", str(world.channel.pk), "--dry-run") == "Would be replayed: 2 (1 applied, 1 ignored)."
    assert not InboundEvent.objects.filter(attempts=2).exists()
    assert said("--channel", str(world.channel.pk)) == "Replayed: 2 (1 applied, 1 ignored)."
    assert said("--result", "ignored") == "Replayed: 1 (1 ignored)."
    assert said("--id", str(ids[0]), "--id", str(ids[2])) == "Replayed: 2 (2 applied)."
    assert said("--since", "2020-01-01", "--until", "2020-01-02T08:00") == "Replayed: 0."
    assert said("--since", "2020-01-01") == "Replayed: 3 (2 applied, 1 ignored)."
    with pytest.raises(CommandError, match="Say which events"):
        call_command("replay_webhooks")
    with pytest.raises(CommandError, match="2026-01-31"):
        call_command("replay_webhooks", "--since", "yesterday")


def test_a_replay_takes_many_events_in_order_and_each_once(world, post, monkeypatch):
    from webhooks.services import replaying

    monkeypatch.setattr(replaying, "CHUNK", 3)
    for number in range(10):
        post(world.channel, messages(text(f"m{number}")))
    assert replay_many(Wanted(channel_id=world.channel.pk)) == {"applied": 10}
    assert set(InboundEvent.objects.values_list("attempts", flat=True)) == {1}
    monkeypatch.setattr(replaying, "BATCH_BYTES", 1)
    assert replay_many(Wanted(channel_id=world.channel.pk)) == {"applied": 10}
