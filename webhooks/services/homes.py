"""Whose a value is, where one webhook serves several numbers of a vendor's account."""

import uuid
from collections.abc import Iterable

from channels_app.models import Channel
from channels_app.providers.base import Ignored, Parsed
from inbox.services.ingesting import Heard, Source

Home = tuple[str, str]  # the name of a setting of channels, and its value


class Homes:
    """The channels that a batch of bodies names by their settings: one query for all, and none where none is named."""

    def __init__(self, said: Iterable[tuple[Source, Parsed]]):
        named = [(source, home) for source, parsed in said for home in set(parsed.homes) if home is not None]
        self._sources: dict[tuple[uuid.UUID, str, Home], list[Source]] = {}
        if named:
            self._find(named)

    def hear(self, source: Source, parsed: Parsed, again: bool) -> tuple[list[Heard], list[Home]]:
        """Each value by the channel that it is about, always one of the called channel's workspace, and the homes that
        none has. News of an account may be for several channels."""
        heard: list[Heard] = []
        unknown: dict[Home, None] = {}
        for place, value in enumerate(parsed.values):
            if isinstance(value, Ignored):
                continue
            home = parsed.homes[place] if parsed.homes else None
            owners = [source] if home is None else self._sources.get((source.workspace_id, source.provider, home), [])
            if not owners and home is not None:
                unknown[home] = None
            heard += [Heard(owner, value, again) for owner in owners]
        return heard, list(unknown)

    def _find(self, named: list[tuple[Source, Home]]) -> None:
        wanted = {(source.workspace_id, source.provider, home) for source, home in named}
        channels = Channel.objects.living().filter(
            workspace_id__in={workspace_id for workspace_id, _, _ in wanted},
            provider__in={provider for _, provider, _ in wanted},
        )
        for pk, workspace_id, provider, own_wa_id, settings in channels.order_by("created_at", "pk").values_list(
            "pk", "workspace_id", "provider", "own_wa_id", "settings"
        ):
            for name, value in settings.items():
                key = (workspace_id, provider, (name, value))
                if isinstance(value, str) and key in wanted:
                    self._sources.setdefault(key, []).append(Source(pk, workspace_id, provider, own_wa_id))


def nobodys(homes: list[Home]) -> str:
    """Why values were kept and not applied, in one sentence."""
    names = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in homes)
    return f"No channel here has the {names}. Add it, and replay this event."
