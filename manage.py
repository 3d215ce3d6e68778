#!/usr/bin/env python
"""Django's command line; puts platform/ on the path, because it is a plain folder and no package."""

import os
import sys
from pathlib import Path


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from config.database import unreachable_sentence

    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError as error:
        sentence = unreachable_sentence(error)
        if sentence is None:
            raise
        sys.exit(sentence)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  the one line that an old Python still runs
        found = sys.version.split()[0]
        sys.exit("Waybill needs Python 3.11 or newer; this is " + found + ". Install python3.11 and run again.")
    main()
