"""Who performs the outbox items about channels themselves."""

import uuid
from collections.abc import Callable, Sequence
from functools import wraps

from channels_app import jobs
from channels_app.models import Channel
from channels_app.providers.errors import ProviderError
from channels_app.selectors.channels import webhook_url
from channels_app.services import gateway
from channels_app.services.attempts import ended_by
from channels_app.services.connection import note_failure, note_logged_out
from channels_app.services.linking import continue_linking
from outbox.errors import GiveUp, LaneClosed
from outbox.registry import Accepted, Job, Kind, Settled
from outbox.states import ItemState


def _speaking_to_the_provider(perform: Callable[[Job], None]) -> Callable[[Job], Accepted]:
    @wraps(perform)
    def performed(job: Job) -> Accepted:
        try:
            perform(job)
        except ProviderError as error:
            ended = ended_by(error)
            if isinstance(ended, LaneClosed):  # only the lane for messages waits for a connection
                raise GiveUp(ended.code, ended.detail, http_status=ended.http_status) from error
            raise ended from error
        return Accepted()

    return performed


def _channel_id(job: Job | Settled) -> uuid.UUID:
    return job.subject_id


@_speaking_to_the_provider
def _connect(job: Job) -> None:
    continue_linking(
        channel_id=_channel_id(job),
        item_id=job.item_id,
        since=job.payload["since"],
        deadline=job.deadline_seconds,
    )


@_speaking_to_the_provider
def _log_out(job: Job) -> None:
    gateway.log_out(_channel_id(job), deadline=job.deadline_seconds)


@_speaking_to_the_provider
def _register_webhook(job: Job) -> None:
    channel_id = _channel_id(job)
    channel = Channel.objects.get(pk=channel_id)
    gateway.register_webhook(channel_id, webhook_url(channel), deadline=job.deadline_seconds)


def _settle_connect(settled: Sequence[Settled]) -> None:
    for item in settled:
        if item.state == ItemState.FAILED:
            note_failure(channel_id=_channel_id(item), detail=item.error, linking=True)


def _settle_log_out(settled: Sequence[Settled]) -> None:
    for item in settled:
        if item.state == ItemState.SENT:
            note_logged_out(channel_id=_channel_id(item))
        elif item.state == ItemState.FAILED:
            note_failure(channel_id=_channel_id(item), detail=f"Logging out failed. {item.error}")


def _settle_register_webhook(settled: Sequence[Settled]) -> None:
    for item in settled:
        if item.state == ItemState.FAILED:
            note_failure(channel_id=_channel_id(item), detail=f"The webhook was not registered. {item.error}")


KINDS = [
    Kind(jobs.CONNECT, perform=_connect, settle=_settle_connect, repeatable=True),
    Kind(jobs.LOG_OUT, perform=_log_out, settle=_settle_log_out, repeatable=True),
    Kind(jobs.REGISTER_WEBHOOK, perform=_register_webhook, settle=_settle_register_webhook, repeatable=True),
]
