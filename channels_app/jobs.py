"""What can be asked of the outbox about a channel itself. Such jobs run in a lane of their own, since the channel's
lane for messages is closed while it is not connected."""

import uuid

CONNECT = "channel.connect"
LEAVE = "channel.leave"
LOG_OUT = "channel.log_out"
PAIR = "channel.pair"
RESTART = "channel.restart"
REGISTER_WEBHOOK = "channel.register_webhook"
SYNC_GROUPS = "channel.sync_groups"
SYNC_TEMPLATES = "channel.sync_templates"
TELL_ADMINS = "channel.tell_admins"

CONTROL_LANE_CAP = 1


def control_lane_id(channel_id: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(channel_id, "control")
