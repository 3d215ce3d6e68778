"""Contact cards (vCard 3.0): written for sending, and read for their telephone numbers."""

import re

_PHONE = re.compile(r"^(?:[\w-]+\.)?TEL([^:\r\n]*):([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_WAID = re.compile(r"waid=(\d{5,20})", re.IGNORECASE)


def phones_of(card: str) -> list[str]:
    """The numbers of a card as +digits where they are known to WhatsApp, else as written. No doubles."""
    found = []
    for parameters, written in _PHONE.findall(card)[:50]:
        known = _WAID.search(parameters)
        found.append(f"+{known[1]}" if known else written.strip()[:40])
    return [phone for phone in dict.fromkeys(found) if phone]


def card_of(name: str, phones: list[str]) -> str:
    """A card as WhatsApp shows it: FN and N are required, waid makes the number tappable."""
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"N:;{_escaped(name)};;;", f"FN:{_escaped(name)}"]
    for phone in phones:
        digits = re.sub(r"\D", "", phone)
        lines.append(f"TEL;type=CELL;waid={digits}:+{digits}" if digits else f"TEL;type=CELL:{_escaped(phone)}")
    return "\n".join([*lines, "END:VCARD"])


def _escaped(value: str) -> str:
    value = value.replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,")
    return re.sub(r"\r\n|\r|\n", r"\\n", value)
