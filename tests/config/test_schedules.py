"""What runs by the clock."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from config import schedules
from outbox.models import Worker

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("planned", schedules.PLAN, ids=lambda planned: planned.name)
def test_every_schedule_names_a_function_that_exists(planned):
    assert callable(import_string(planned.func))


def test_registering_twice_changes_nothing():
    schedules.register()
    Schedule.objects.update(next_run=timezone.now() + timedelta(hours=3))
    before = list(Schedule.objects.order_by("pk").values())
    schedules.register()
    assert list(Schedule.objects.order_by("pk").values()) == before
    assert len(before) == len(schedules.PLAN)


def test_a_schedule_that_is_no_longer_planned_goes_and_a_foreign_one_stays():
    Schedule.objects.create(name="waybill: something old", func="x.y")
    Schedule.objects.create(name="mine", func="x.y")
    schedules.register()
    assert not Schedule.objects.filter(name="waybill: something old").exists()
    assert Schedule.objects.filter(name="mine").exists()


def test_beside_a_living_relay_the_schedule_does_not_drain(monkeypatch):
    monkeypatch.setattr(schedules, "drain_once", lambda **_: pytest.fail("drained beside a relay"))
    Worker.objects.create(name="relay", lease_until=timezone.now() + timedelta(seconds=30))
    assert schedules.drain_when_no_relay_lives() == "A relay is running; nothing to do."


def test_without_a_relay_the_schedule_drains(monkeypatch):
    asked = []
    monkeypatch.setattr(schedules, "drain_once", lambda **options: asked.append(options) or "report")
    assert schedules.drain_when_no_relay_lives() == "report"
    assert asked == [{"max_seconds": schedules.DRAIN_SECONDS}]


def test_migrating_puts_the_schedules_in_place():
    planned = {schedules.PREFIX + planned.name for planned in schedules.PLAN}
    assert set(Schedule.objects.values_list("name", flat=True)) == planned
