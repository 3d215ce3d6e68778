"""How many items each lane sent in which minute, by the database's clock."""

import uuid
from collections.abc import Mapping

from django.db import connection

from kernel.arrays import columns

NOTE = """
    insert into outbox_sentminute as known (lane_id, minute, sent)
    select lane.id, date_trunc('minute', clock_timestamp()), counted.sent
    from unnest(%s::uuid[], %s::int[]) as counted (lane_id, sent) join outbox_lane lane on lane.id = counted.lane_id
    order by lane.id
    on conflict (lane_id, minute) do update set sent = known.sent + excluded.sent
"""


def note_sent(by_lane: Mapping[uuid.UUID, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOTE, columns(by_lane.items(), 2))
