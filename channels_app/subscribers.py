"""What channels hear from their lanes."""

from channels_app.services.following import note_lane_held, note_lane_resumed
from outbox.events import LaneHeld, LaneResumed


def on_lane_held(event: LaneHeld) -> None:
    note_lane_held(lane_id=event.lane_id, kind=event.kind)


def on_lane_resumed(event: LaneResumed) -> None:
    note_lane_resumed(lane_id=event.lane_id, kind=event.kind)
