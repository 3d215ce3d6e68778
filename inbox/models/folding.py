"""Text as search compares it: letters without their accents, by what PostgreSQL itself can do."""

from django.db.models import Func, TextField


class Folded(Func):
    """Accents taken off: "José" and "jose" are found by each other. `policy.folded` does the same to what is asked.

    Marks are what NFD sets apart (Unicode Standard Annex 15); U+0300 to U+036F are those of Latin, Greek and Cyrillic.
    """

    template = "regexp_replace(normalize(%(expressions)s, NFD), '[\\u0300-\\u036F]', '', 'g')"
    output_field = TextField()
