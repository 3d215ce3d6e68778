"""One run from an empty database to the verdict."""

import time
from collections.abc import Callable

import psycopg

from tests.acceptance.chaos.adversary import Adversary
from tests.acceptance.chaos.database import Database, own_server
from tests.acceptance.chaos.judging import Evidence, Verdict, judge
from tests.acceptance.chaos.plan import Chat, Plan, customers_of
from tests.acceptance.chaos.programs import Programs
from tests.acceptance.chaos.traffic import Api, Traffic

Tell = Callable[[str], None]
LOG_CHARACTERS = 1500
STILL_SECONDS = 3.0  # webhooks may be planned for later: quiet counts when it lasts
WAITING = """
    select (select count(*) from outbox_item where open or state = 'scheduled')
         + (select count(*) from outbox_attempt where finished_at is null)
         + (select count(*) from inbox_message where status = 'pending')
         + (select count(*) from webhooks_inboundevent where result = 'pending') as waiting
"""
MESSAGES = """
    select message.id::text, message.channel_id::text, message.direction, message.status, message.error_code,
           message.text, message.wa_message_id, chat.wa_chat_id
    from inbox_message message join inbox_chat chat on chat.id = message.chat_id
"""
ITEMS = """
    select coalesce(payload ->> 'text', kind) as text, state, open or state = 'scheduled' as waiting from outbox_item
"""
ATTEMPTS = """
    select coalesce(item.payload ->> 'text', item.kind) as text, lane.cap, attempt.outcome,
           extract(epoch from attempt.started_at)::float8 as started_at,
           extract(epoch from coalesce(attempt.finished_at, 'infinity'))::float8 as until
    from outbox_attempt attempt join outbox_item item on item.id = attempt.item_id
    join outbox_lane lane on lane.id = attempt.lane_id order by attempt.started_at
"""
EVENTS = """
    select result, min(reason) as reason, count(*) as number from webhooks_inboundevent
    where result not in ('applied', 'ignored') group by result
"""


def run(plan: Plan, tell: Tell) -> Verdict:
    """Under fire for `plan.seconds`, then quiet, then judged. Ends by itself and leaves nothing behind."""
    tell(f"Seed {plan.seed}: {plan.seconds:g} s under fire, {plan.channels} channels, {plan.relays} relays.")
    with own_server() as (database, folder):
        programs = Programs(plan, database.url, folder)
        try:
            api_key, numbers = programs.fill(plan.channels)
            programs.start(numbers)
            api = Api(programs.web_url, api_key)
            chats = [
                Chat(number, customer)
                for place, number in enumerate(numbers)
                for customer in customers_of(place, plan.chats_each)
            ]
            traffic = Traffic(plan, api, programs.provider, chats)
            adversary = Adversary(plan, programs, database, numbers)
            traffic.start()
            adversary.start()
            time.sleep(plan.seconds)
            adversary.stop()
            trouble = [f"{name} was never answered" for name in traffic.stop(plan.quiet_seconds)]
            trouble += [f"refused by the API: {sentence}" for sentence in traffic.refused]
            tell(f"Done to it: {_listed(adversary.deeds + programs.killed)}.")
            trouble += _wait_for_quiet(plan, programs, database)
            retried, refused = _send_uncertain_again(api, database)
            trouble += refused
            if retried:
                tell(f"A person sends {len(retried)} uncertain messages again.")
                trouble += _wait_for_quiet(plan, programs, database)
            for sentence in (*programs.ended_alone, *programs.stuck):
                tell(f"Beside the verdict: {sentence}.")
            tell(f"Calls of the API that were repeated: {traffic.repeats}.")
            verdict = judge(_evidence(traffic, programs, database, retried, trouble))
            if not verdict.clean:
                for name in ("provider", "web"):
                    tell(f"The log of {name} ends with:\n{programs.log(name)[-LOG_CHARACTERS:]}")
            return verdict
        finally:
            programs.stop()


def _wait_for_quiet(plan: Plan, programs: Programs, database: Database) -> list[str]:
    """Until nothing waits anywhere, for STILL_SECONDS on end. Returns what still waits at the deadline."""
    deadline, still_since = time.monotonic() + plan.quiet_seconds, None
    while True:
        waiting = _waiting(programs, database)
        if waiting:
            still_since = None
            if time.monotonic() > deadline:
                return [f"not quiet after {plan.quiet_seconds:g} s: {waiting}"]
        elif still_since is None:
            still_since = time.monotonic()
        elif time.monotonic() - still_since >= STILL_SECONDS:
            return []
        time.sleep(0.2)


def _waiting(programs: Programs, database: Database) -> str:
    try:
        waiting = database.rows(WAITING)[0]["waiting"]
    except psycopg.OperationalError as error:
        return f"no database: {error}"
    if waiting:
        return f"{waiting} rows wait"
    webhooks = programs.provider.webhooks()
    if webhooks["idle"]:
        return ""
    head = webhooks["undelivered"][0]
    tries = [one for one in webhooks["deliveries"] if one["channel_id"] == head["channel_id"]][-3:]
    return f"webhooks are still to be delivered: {head}, and the last tries there were {tries}"


def _send_uncertain_again(api: Api, database: Database) -> tuple[set[str], list[str]]:
    """Every second message that was shown as uncertain; the texts, and what was refused."""
    uncertain = database.rows(f"{MESSAGES} where message.status = 'uncertain' order by message.id")[::2]
    retried, refused = set(), []
    for message in uncertain:
        status, value = api.call(f"/messages/{message['id']}/retry", {})
        if status < 200 or status >= 300:
            refused.append(f"{message['text']}: sending it again was answered {status} {value}")
        else:
            retried.add(message["text"])
    return retried, refused


def _evidence(
    traffic: Traffic, programs: Programs, database: Database, retried: set[str], trouble: list[str]
) -> Evidence:
    return Evidence(
        written=list(traffic.written),
        said=list(traffic.said),
        retried=retried,
        # Of a relay that was killed while it spoke only half a request arrived.
        requests=[
            one
            for one in programs.provider.requests(method="POST", path="/messages/text")
            if one["accepted"] or one["body"] is not None
        ],
        existing=programs.provider.messages(),
        messages=database.rows(MESSAGES),
        items=database.rows(ITEMS),
        attempts=database.rows(ATTEMPTS),
        events=database.rows(EVENTS),
        trouble=trouble,
    )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
