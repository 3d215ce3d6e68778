"""Room for in-place updates: reports change messages several times, and every message its sender's name's time."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            alter table inbox_contact set (fillfactor = 75);
            alter table inbox_message set (fillfactor = 85);
            """,
            migrations.RunSQL.noop,
        )
    ]
