"""What the webhook log refuses."""

from kernel.errors import Conflict, NotFound


class NoSuchWebhookEvent(NotFound):
    code = "webhook_event_not_found"
    message = "There is no such webhook event, or it is not yours."


class NotReplayable(Conflict):
    code = "webhook_event_not_replayable"
    message = "A refused request keeps no body, so there is nothing to replay."
