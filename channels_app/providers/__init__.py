"""Vendors: one folder each, with an adapter and a description. These functions are the only way to them."""

from functools import cache
from importlib import import_module
from typing import Any

from channels_app.providers.base import Adapter
from channels_app.providers.description import Description

_ADAPTERS = {
    "whapi": "channels_app.providers.whapi.adapter:WhapiAdapter",
    "cloud": "channels_app.providers.cloud.adapter:CloudAdapter",
    "waha": "channels_app.providers.waha.adapter:WahaAdapter",
}

_SIMULATORS = {
    "whapi": "channels_app.providers.whapi.simulator:WhapiSimulator",
    "cloud": "channels_app.providers.cloud.simulator:CloudSimulator",
    "waha": "channels_app.providers.waha.simulator:WahaSimulator",
}


def built_in() -> list[str]:
    """The names of the vendors that a channel can have."""
    return list(_ADAPTERS)


def adapter_named(provider: str) -> Adapter:
    """The vendor's adapter, imported on first use. Raises KeyError for a vendor that is not built in."""
    module, name = _ADAPTERS[provider].split(":")
    return getattr(import_module(module), name)()


@cache
def description_of(provider: str) -> Description:
    """What people are asked for. Raises KeyError for a vendor that is not built in."""
    module = _ADAPTERS[provider].partition(":")[0].rpartition(".")[0]
    return import_module(f"{module}.description").DESCRIPTION


def simulated() -> list[str]:
    """The names of the vendors that have a simulator."""
    return list(_SIMULATORS)


def simulator_named(provider: str) -> type[Any]:
    """The class of the vendor's simulator, imported on first use. Raises KeyError for a vendor without one."""
    module, name = _SIMULATORS[provider].split(":")
    return getattr(import_module(module), name)
