"""Wiring of the channels app."""

from django.apps import AppConfig


class ChannelsAppConfig(AppConfig):
    name = "channels_app"
    verbose_name = "Channels"

    def ready(self) -> None:
        from channels_app.access import lanes_hidden_from
        from channels_app.subscribers import on_lane_held, on_lane_resumed
        from channels_app.workers import KINDS
        from kernel.events import Moment, subscribe
        from outbox.access import hide_lanes
        from outbox.events import LaneHeld, LaneResumed
        from outbox.registry import register

        for kind in KINDS:
            register(kind)
        hide_lanes(lanes_hidden_from)
        # After commit, because the lane is locked before it, and channels are locked before lanes.
        subscribe(LaneHeld, on_lane_held, Moment.AFTER_COMMIT)
        subscribe(LaneResumed, on_lane_resumed, Moment.AFTER_COMMIT)
