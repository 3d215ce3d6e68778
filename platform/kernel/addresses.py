"""Which addresses a host name stands for, and which of them may be called from here."""

import contextlib
import ipaddress
import socket
import threading

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = int(ipaddress.IPv6Address("64:ff9b::")) >> 32


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
    found: list = []

    def look_up() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    resolver = threading.Thread(target=look_up, name="resolver", daemon=True)
    resolver.start()
    resolver.join(seconds)
    if not found:
        raise Unresolved(late=resolver.is_alive())
    return list(dict.fromkeys(ipaddress.ip_address(info[4][0].split("%")[0]) for info in found))


def _is_permitted(address: Address) -> bool:
    if address.version == 6:
        address = address.ipv4_mapped or address.sixtofour or _translated(address) or address
    if address.is_loopback:
        return settings.DEBUG
    return address.is_global and not address.is_multicast


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address at the end of one that a NAT64 gateway translates (RFC 6052), or of an old compatible one."""
    prefix = int(address) >> 32
    embeds = prefix == _NAT64 or (prefix == 0 and int(address) > 1)
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if embeds else None
