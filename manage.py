#!/usr/bin/env python
"""Django's command line; puts platform/ on the path, because it is a plain folder and no package."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit(
            f"Waybill needs Python 3.11 or newer; this is {sys.version.split()[0]}. Install python3.11 and run again."
        )
    sys.path.insert(0, str(Path(__file__).resolve().parent / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
