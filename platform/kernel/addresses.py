"""Which addresses a host name stands for, and which of them may be called from here."""

import ipaddress
import queue
import socket
import threading

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unresolved(Exception):
    """The name stands for no address. `late` when the resolver did not answer in time."""

    def __init__(self, *, late: bool):
        self.late = late
        super().__init__("not in time" if late else "no address")


def callable_addresses(host: str, port: int, *, allow_private: bool, seconds: float) -> list[str]:
    """Numeric addresses; an empty list when all are refused. A caller connects to exactly these.

    Public ones only, unless `allow_private`; loopback is allowed when settings.DEBUG. Raises Unresolved.
    """
    try:
        addresses: list[Address] = [ipaddress.ip_address(host.strip("[]"))]
    except ValueError:
        addresses = _looked_up(host, port, seconds)
    return [str(address) for address in addresses if allow_private or _is_permitted(address)]


def _looked_up(host: str, port: int, seconds: float) -> list[Address]:
    """By a thread, because the resolver of the operating system knows no deadline."""
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            answers.put([])

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise Unresolved(late=True) from None
    if not found:
        raise Unresolved(late=False)
    return list(dict.fromkeys(ipaddress.ip_address(info[4][0].split("%")[0]) for info in found))


def _is_permitted(address: Address) -> bool:
    if address.version == 6:
        address = address.ipv4_mapped or address.sixtofour or address
    if address.is_loopback:
        return settings.DEBUG
    return address.is_global and not address.is_multicast
