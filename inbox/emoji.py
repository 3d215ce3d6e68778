"""The emoji that the picker offers, by subject, each with the words by which it is found."""

import unicodedata

from django.utils.translation import gettext_lazy

_GROUPS = (
    (
        gettext_lazy("Faces"),
        "😀😃😄😁😆😅🤣😂🙂😉😊😇🥰😍😘😋😜🤪🤗🤭🤫🤔🤨😐😑😶🙄😏😣😥"
        "😮😯😪😫🥱😴😌🤤😒😓😔😕🙃😲😖😞😟😤😢😭😦😨😬😰😱🥵🥶😳😵😡"
        "🤬😷🤒🤕🥳🥺🤓😎",
    ),
    (
        gettext_lazy("Hands and people"),
        "👍👎👌🤌🤏✌🤞🤟🤙👈👉👆👇☝👋🤚🖐✋👏🙌👐🤲🤝🙏💪👀👶👩👨👵👴🙋🤷🤦🙇💁👷👮🏃💃🕺👪",
    ),
    (gettext_lazy("Hearts and signs"), "❤🧡💛💚💙💜🖤🤍💔💕💞💯✅❌❗❓⚠⭐🌟✨🔥💥🎉🎊🎁🏆➡⬅⬆⬇🔴🟠🟡🟢🔵🟣⚫⚪"),
    (
        gettext_lazy("Work and travel"),
        "📦🚚🚗🚕🚌🚲✈🚀🏠🏢🏪🏥📍🗺📅⏰⌛📞📱💻🖨📷🎥🎧🔋💡🔧🔨🔩🔑🔒🔓📎📌📄📑📊📈📉📝📧📨💬💰💳🧾🛒🏷",
    ),
    (
        gettext_lazy("Food and nature"),
        "☕🍵🍺🍷🥂🍕🍔🍟🥗🍝🍣🍞🥐🧀🍎🍌🍓🍉🥑🍰🎂🍫🍪🌹🌻🌳🌵🍀☀🌙☔❄🌈🐶🐱🐭🐰🦊🐻🐼🐸🐵🐔🐝🦋🐟",
    ),
)

_ALSO = {
    "👍": "yes ok like",
    "👎": "no dislike",
    "🙏": "thanks please",
    "😂": "laugh lol",
    "🎉": "party congratulations",
    "❤": "love",
    "📦": "parcel order",
    "🚚": "delivery",
}

AS_EMOJI = "\ufe0f"
"""Asks for the coloured picture of a character that is also an ordinary sign (Unicode TR51, section 1.4.3)."""


def _entry(character: str) -> tuple[str, str]:
    name = unicodedata.name(character).lower().replace(" face", "").replace("with ", "")
    shown = character if ord(character) > 0xFFFF else character + AS_EMOJI
    return shown, f"{name} {_ALSO.get(character, '')}".strip()


EMOJI = tuple((title, tuple(_entry(character) for character in characters)) for title, characters in _GROUPS)
"""(subject, ((emoji, words), …)), …"""
