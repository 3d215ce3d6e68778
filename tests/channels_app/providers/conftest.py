"""Simulated vendors as fixtures."""

import pytest

from tests.channels_app.providers.vendors import VENDORS, cloud, waha, whapi


@pytest.fixture(params=sorted(VENDORS))
def vendor(request):
    """Each vendor in turn."""
    with VENDORS[request.param]() as vendor:
        yield vendor


@pytest.fixture
def at_cloud():
    with cloud() as vendor:
        yield vendor


@pytest.fixture
def at_whapi():
    with whapi() as vendor:
        yield vendor


@pytest.fixture
def at_waha():
    with waha() as vendor:
        yield vendor
