"""Which vendors can be simulated. `simulator_named` is the only way to a simulator."""

from importlib import import_module

from channels_app.providers.simulating.server import Simulator

_SIMULATORS = {
    "whapi": "channels_app.providers.whapi.simulator:WhapiSimulator",
}


def simulated() -> list[str]:
    """The names of the vendors that can be simulated."""
    return list(_SIMULATORS)


def simulator_named(provider: str) -> type[Simulator]:
    """The class of the vendor's simulator, imported on first use. Raises KeyError."""
    module, name = _SIMULATORS[provider].split(":")
    return getattr(import_module(module), name)
