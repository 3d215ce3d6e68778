"""Room for in-place updates in the small hot tables."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            alter table outbox_worker set (fillfactor = 50);
            alter table outbox_lane set (fillfactor = 70);
            alter table outbox_orderkey set (fillfactor = 80);
            """,
            migrations.RunSQL.noop,
        )
    ]
