"""HTTP without sockets, for a WSGI server."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(path) for path in (ROOT, ROOT / "platform") if str(path) not in sys.path]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402  the path and the settings come first

django.setup(set_prefix=False)

from config.bare_webhooks import Handler  # noqa: E402  it needs the settings

application = Handler()
