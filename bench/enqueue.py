"""What the outbox adds to the transaction that writes a message: `.venv/bin/python -m bench.enqueue [rounds]`.

The real deed, `send_message`, in turns with the same deed whose enqueuing is left out. One thread, commits and all.
"""

import sys
import time
import uuid
from statistics import median

from bench.own_database import own_database

ROUNDS, EACH = 12, 100


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with own_database("bench_enqueue"):
        from inbox.realtime.notifier import notifier
        from inbox.services import sending

        write, really = writer(), sending.enqueue
        write()
        statements = {}
        rates: dict[str, list[float]] = {"with the outbox": [], "without": []}
        for number in range(2 * rounds):
            name = list(rates)[number % 2]
            sending.enqueue = really if name == "with the outbox" else lambda **values: None
            statements[name] = count_statements(write)
            begun = time.perf_counter()
            for _ in range(EACH):
                write()
            rates[name].append(EACH / (time.perf_counter() - begun))
        sending.enqueue = really
        notifier.close()  # its thread holds a connection of its own
    with_outbox, without = (median(values) for values in rates.values())
    print(f"writing one message, {2 * rounds} rounds of {EACH} in turns:")
    print(f"  without the outbox {without:,.0f}/s in {statements['without']} statements")
    print(
        f"  with it {with_outbox:,.0f}/s in {statements['with the outbox']} statements:"
        f" {statements['with the outbox'] - statements['without']} more, {1 - with_outbox / without:.1%} of the rate"
    )


def writer():
    from channels_app.models import Channel
    from inbox.jobs import Draft
    from inbox.models import Chat
    from inbox.services.sending import send_message
    from kernel import clock
    from outbox.models import Lane
    from workspaces.models import Member
    from workspaces.services.founding import create_workspace

    workspace = create_workspace(
        name="Bench", slug="bench", owner_email="bench@example.com", owner_name="Bench", password=uuid.uuid4().hex
    )
    channel = Channel.objects.create(
        workspace=workspace,
        provider="whapi",
        name="Demo",
        status="connected",
        own_wa_id="15550100100@s.whatsapp.net",
    )
    Lane.objects.create(id=channel.pk, workspace=workspace, name="Demo")
    chat = Chat.objects.create(
        workspace=workspace,
        channel=channel,
        wa_chat_id="15550100123@s.whatsapp.net",
        kind="direct",
        last_message_at=clock.now(),
    )
    owner = Member.objects.get(workspace=workspace)

    def write() -> None:
        send_message(actor=owner, chat=chat, client_id=str(uuid.uuid4()), draft=Draft(text="Good morning. " * 5))

    return write


def count_statements(write) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        write()
    return len(seen)


if __name__ == "__main__":
    main()
