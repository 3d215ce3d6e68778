"""Who performs the outbox items about channels themselves."""

import uuid
from collections.abc import Callable, Sequence
from functools import wraps

from channels_app import jobs
from channels_app.providers.errors import ProviderError
from channels_app.services import gateway
from channels_app.services.alarming import tell_admins
from channels_app.services.attempts import ended_by
from channels_app.services.connection import note_failure, note_logged_out
from channels_app.services.grouping import fetch_groups
from channels_app.services.leaving import forget_secrets, leave
from channels_app.services.linking import continue_linking, fetch_pairing_code
from channels_app.services.restarting import take_up
from channels_app.services.templates import fetch_templates
from channels_app.services.webhooking import ensure_webhook, note_webhook_failure
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
        tries=job.payload.get("tries", 0),
        deadline=job.deadline_seconds,
    )


@_speaking_to_the_provider
def _pair(job: Job) -> None:
    """Once: a person waits at the page, and presses again."""
    try:
        fetch_pairing_code(
            channel_id=_channel_id(job), phone_number=job.payload["phone_number"], deadline=job.deadline_seconds
        )
    except ProviderError as error:
        raise GiveUp(error.code, error.detail, http_status=error.http_status) from error


@_speaking_to_the_provider
def _log_out(job: Job) -> None:
    gateway.log_out(_channel_id(job), deadline=job.deadline_seconds)


@_speaking_to_the_provider
def _restart(job: Job) -> None:
    """Once: when to try again is the channel's to know, whose pauses grow."""
    try:
        take_up(channel_id=_channel_id(job), deadline=job.deadline_seconds)
    except ProviderError as error:
        raise GiveUp(error.code, error.detail, http_status=error.http_status) from error


@_speaking_to_the_provider
def _register_webhook(job: Job) -> None:
    ensure_webhook(channel_id=_channel_id(job), anew=job.payload.get("anew", False), deadline=job.deadline_seconds)


@_speaking_to_the_provider
def _sync_groups(job: Job) -> None:
    fetch_groups(channel_id=_channel_id(job), deadline=job.deadline_seconds)


@_speaking_to_the_provider
def _sync_templates(job: Job) -> None:
    fetch_templates(channel_id=_channel_id(job), deadline=job.deadline_seconds)


@_speaking_to_the_provider
def _leave(job: Job) -> None:
    leave(channel_id=_channel_id(job), deadline=job.deadline_seconds)


def _tell_admins(job: Job) -> Accepted:
    tell_admins(channel_id=_channel_id(job), deadline=job.deadline_seconds)
    return Accepted()


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
            note_webhook_failure(channel_id=_channel_id(item), detail=item.error)


def _settle_leave(settled: Sequence[Settled]) -> None:
    """Whether the provider has understood or not: the secrets are needed no more. A failure stands in the outbox."""
    for item in settled:
        if item.state in (ItemState.SENT, ItemState.FAILED):
            forget_secrets(_channel_id(item))


def _settle_others(settled: Sequence[Settled]) -> None:
    """Of what a person asked for and waits for, a failure is shown."""
    for item in settled:
        if item.state == ItemState.FAILED:
            note_failure(channel_id=_channel_id(item), detail=f"{FAILED_WORDS[item.kind]} {item.error}".strip())


FAILED_WORDS = {
    jobs.PAIR: "There is no pairing code.",
    jobs.SYNC_GROUPS: "The groups were not synchronised.",
    jobs.SYNC_TEMPLATES: "The templates were not synchronised.",
}


def _settle_quietly(settled: Sequence[Settled]) -> None:
    """Its failure changes nothing that is not seen elsewhere."""


KINDS = [
    Kind(jobs.CONNECT, perform=_connect, settle=_settle_connect, repeatable=True),
    Kind(jobs.PAIR, perform=_pair, settle=_settle_others, repeatable=True),
    Kind(jobs.LOG_OUT, perform=_log_out, settle=_settle_log_out, repeatable=True),
    Kind(jobs.RESTART, perform=_restart, settle=_settle_quietly, repeatable=True),
    Kind(jobs.REGISTER_WEBHOOK, perform=_register_webhook, settle=_settle_register_webhook, repeatable=True),
    Kind(jobs.SYNC_GROUPS, perform=_sync_groups, settle=_settle_others, repeatable=True),
    Kind(jobs.SYNC_TEMPLATES, perform=_sync_templates, settle=_settle_others, repeatable=True),
    Kind(jobs.LEAVE, perform=_leave, settle=_settle_leave, repeatable=True),
    Kind(jobs.TELL_ADMINS, perform=_tell_admins, settle=_settle_quietly, repeatable=True),
]
