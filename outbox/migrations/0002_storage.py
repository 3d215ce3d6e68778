"""Room for in-place updates in the small hot tables, and an early vacuum for the two that grow: dead index entries cost."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            alter table outbox_worker set (fillfactor = 50);
            alter table outbox_lane set (fillfactor = 70);
            alter table outbox_orderkey set (fillfactor = 80);
            alter table outbox_item set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
            alter table outbox_attempt set (
                autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
            """,
            migrations.RunSQL.noop,
        )
    ]
