"""The settings of relay processes under test: the test database, and the courier's kind."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.support.courier.apps.CourierConfig"]
DATABASES["default"]["NAME"] = os.environ["RELAY_TEST_DATABASE"]
