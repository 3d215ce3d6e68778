"""Who and what the demo is made of: plainly invented names, numbers from the range reserved for fiction."""

import hashlib
import hmac
from dataclasses import dataclass

from django.conf import settings

from workspaces.roles import Role


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    role: str


@dataclass(frozen=True)
class Number:
    """A channel. `key` names it in derived secrets and must never change."""

    key: str
    name: str
    phone_number: str
    linked: bool = True
    provider: str = "whapi"

    @property
    def token(self) -> str:
        """What the simulator takes as this number's token; one that begins with sim_new waits for its QR code."""
        return f"sim_{self.key}" if self.linked else f"sim_new_{self.key}"

    @property
    def given(self) -> dict[str, str]:
        """What a person would type for this number's provider."""
        given = {"token": self.token}
        if self.provider == "waha":
            given |= {"base_url": simulator_url(self.provider), "session": self.key}
        if self.provider == "cloud":
            given |= {
                "phone_number_id": f"1000{self.phone_number[1:]}",
                "waba_id": "200000000000001",
                "app_secret": derived_secret(f"app {self.key}"),
            }
        return given

    @property
    def wa_id(self) -> str:
        return f"{self.phone_number.lstrip('+')}@s.whatsapp.net"


@dataclass(frozen=True)
class DemoWorkspace:
    slug: str
    name: str
    people: tuple[Person, ...]  # the owner first
    numbers: tuple[Number, ...]


ACME = DemoWorkspace(
    slug="acme",
    name="Acme",
    people=(
        Person("ana@example.com", "Ana Example", Role.OWNER),
        Person("ben@example.com", "Ben Demo", Role.AGENT),
        Person("vic@example.com", "Vic Viewer", Role.VIEWER),
    ),
    numbers=(
        Number("acme-shop", "Acme Shop", "+15550100100"),
        Number("acme-support", "Acme Support", "+15550100101"),
        Number("acme-wholesale", "Acme Wholesale", "+15550100102", linked=False),
        Number("acme-workshop", "Acme Workshop", "+15550100103", provider="waha"),
        Number("acme-bookings", "Acme Bookings", "+15550100104", provider="cloud"),
    ),
)
OTHER = DemoWorkspace(
    slug="zoes-studio",
    name="Zoe's Studio",
    people=(Person("zoe@example.com", "Zoe Outsider", Role.OWNER),),
    numbers=(Number("zoe-studio", "Zoe's Studio", "+15550100110"),),
)
WORKSPACES = (ACME, OTHER)
SIMULATOR_PORTS = {"whapi": 0, "cloud": 1, "waha": 2}  # from SIMULATOR_PORT on


def demo_providers() -> list[str]:
    """The providers of the demo's numbers, each with a simulator of its own."""
    used = {number.provider for demo in WORKSPACES for number in demo.numbers}
    return [provider for provider in SIMULATOR_PORTS if provider in used]


def password_of(person: Person) -> str:
    """Well known while DEBUG is on; elsewhere derived from SECRET_KEY, so that no open demo has a known door."""
    return "waybill-demo" if settings.DEBUG else derived_secret(f"password:{person.email}")[:24]


def derived_secret(purpose: str, prefix: str = "") -> str:
    """The same secret at every start, so that `seed_demo` can print again what is stored only as a digest."""
    return (
        prefix + hmac.new(settings.SECRET_KEY.encode(), f"waybill demo {purpose}".encode(), hashlib.sha256).hexdigest()
    )


def simulator_port(provider: str) -> int:
    return settings.SIMULATOR_PORT + SIMULATOR_PORTS[provider]


def simulator_url(provider: str = "whapi") -> str:
    return f"http://127.0.0.1:{simulator_port(provider)}"
