"""Vendors: one folder each. `adapter_named` is the only way to one."""

from importlib import import_module

from channels_app.providers.base import Adapter

_ADAPTERS = {
    "whapi": "channels_app.providers.whapi.adapter:WhapiAdapter",
}


def built_in() -> list[str]:
    """The names of the vendors that a channel can have."""
    return list(_ADAPTERS)


def adapter_named(provider: str) -> Adapter:
    """The vendor's adapter, imported on first use. Raises KeyError for a vendor that is not built in."""
    module, name = _ADAPTERS[provider].split(":")
    return getattr(import_module(module), name)()
