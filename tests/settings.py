"""The settings under test: a PostgreSQL of its own, a fast password hasher, throw-away media."""

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("DATA_DIR", str(ROOT / ".data" / "test"))

from config.settings import *  # noqa: E402, F403  DATA_DIR comes first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DATABASE", "test_waybill")}  # noqa: F405
MEDIA_ROOT = Path(tempfile.mkdtemp(prefix="waybill-media-"))
WHAPI_BASE_URL = "http://127.0.0.1:1"  # nothing listens: a test that wants a provider starts the simulator
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
