"""A template and the values for its blanks: what it will say, and how Meta wants to be told; pure.

Blanks have keys: `1` or `name` in the body, `header.1` or `header.image` (an https link, or the message's file) in the
head, `button.0` (the end of an address, or a coupon code) for the button at that place.
"""

import re
from collections.abc import Mapping
from typing import Any

from channels_app.providers.base import Blank, FilledTemplate
from channels_app.providers.reading import sequence, text

BLANK = re.compile(r"\{\{\s*(\w{1,60})\s*\}\}")
MEDIA_HEADS = ("image", "video", "document")
VALUE_LIMIT = 1024

Component = dict[str, Any]


def blanks_of(components: list[Component]) -> list[Blank]:
    """In the order of reading: head, body, buttons."""
    found: list[Blank] = []
    for component in _ordered(components):
        kind = text(component, "type", 20).upper()
        if kind == "HEADER" and _head_format(component) in MEDIA_HEADS:
            found.append(Blank(f"header.{_head_format(component)}", file=_head_format(component)))
        elif kind in ("HEADER", "BODY"):
            prefix = "header." if kind == "HEADER" else ""
            examples = _examples(component)
            found += [Blank(f"{prefix}{name}", examples.get(name, "")) for name in _names(text(component, "text"))]
        elif kind == "BUTTONS":
            found += [Blank(f"button.{place}", "") for place, _ in _buttons_with_blanks(component)]
    return found


def filled(name: str, language: str, components: list[Component], values: Mapping[str, str]) -> FilledTemplate:
    """`values` must have a text for every blank; "" for the head's file leaves it open until the file has an id.

    Raises KeyError for one that is missing.
    """
    sent: list[Component] = []
    shown: list[str] = []
    for component in _ordered(components):
        kind = text(component, "type", 20).upper()
        if kind == "HEADER" and _head_format(component) in MEDIA_HEADS:
            media = _head_format(component)
            link = values[f"header.{media}"]
            sent.append(_part("header", [{"type": media, media: {"link": link} if link else {}}]))
        elif kind in ("HEADER", "BODY"):
            prefix = "header." if kind == "HEADER" else ""
            words = text(component, "text")
            shown.append(BLANK.sub(lambda blank, prefix=prefix: values[f"{prefix}{blank[1]}"], words))
            if names := _names(words):
                sent.append(_part(kind.lower(), [_parameter(one, values[f"{prefix}{one}"]) for one in names]))
        elif kind == "FOOTER":
            shown.append(text(component, "text"))
        elif kind == "BUTTONS":
            sent += [
                _button(place, button, values[f"button.{place}"]) for place, button in _buttons_with_blanks(component)
            ]
    return FilledTemplate(
        text="\n".join(filter(None, shown)), sent={"name": name, "language": language, "components": sent}
    )


def _ordered(components: list[Component]) -> list[Component]:
    places = {"HEADER": 0, "BODY": 1, "FOOTER": 2, "BUTTONS": 3}
    known = [one for one in components if isinstance(one, dict) and text(one, "type", 20).upper() in places]
    return sorted(known, key=lambda one: places[text(one, "type", 20).upper()])


def _head_format(component: Component) -> str:
    return text(component, "format", 20).lower()


def _names(words: str) -> list[str]:
    return list(dict.fromkeys(BLANK.findall(words)))


def _buttons_with_blanks(component: Component) -> list[tuple[int, Component]]:
    buttons = [(place, one) for place, one in enumerate(sequence(component, "buttons")) if isinstance(one, dict)]
    return [
        (place, one)
        for place, one in buttons
        if text(one, "type", 30).upper() == "COPY_CODE"
        or (text(one, "type", 30).upper() == "URL" and BLANK.search(text(one, "url", 2000)))
    ]


def _button(place: int, button: Component, value: str) -> Component:
    if text(button, "type", 30).upper() == "COPY_CODE":
        kind, parameter = "copy_code", {"type": "coupon_code", "coupon_code": value}
    else:
        kind, parameter = "url", {"type": "text", "text": value}
    return {"type": "button", "sub_type": kind, "index": str(place), "parameters": [parameter]}


def _part(kind: str, parameters: list[Component]) -> Component:
    return {"type": kind, "parameters": parameters}


def _parameter(name: str, value: str) -> Component:
    """Blanks with names are told by them, those with numbers by their order."""
    named = {} if name.isdigit() else {"parameter_name": name}
    return {"type": "text", **named, "text": value}


def _examples(component: Component) -> dict[str, str]:
    """What Meta was shown when the template was handed in."""
    example = component.get("example")
    if not isinstance(example, dict):
        return {}
    found: dict[str, str] = {}
    for key in ("body_text", "header_text"):
        rows = sequence(example, key)
        row = rows[0] if rows and isinstance(rows[0], list) else rows
        found |= {str(place): one[:200] for place, one in enumerate(row, 1) if isinstance(one, str)}
    for key in ("body_text_named_params", "header_text_named_params"):
        for one in sequence(example, key):
            if isinstance(one, dict):
                found[text(one, "param_name", 60)] = text(one, "example", 200)
    return found
