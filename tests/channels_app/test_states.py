"""The drawing of the states and the moves that are allowed say the same."""

import re
from pathlib import Path

from channels_app.states import MOVES, ChannelStatus

README = Path(__file__).resolve().parent.parent.parent / "channels_app" / "README.md"


def drawn() -> dict[str, set[str]]:
    """The arrows of the Mermaid diagram in the README."""
    diagram = re.search(r"```mermaid\n(.*?)```", README.read_text(), re.DOTALL).group(1)
    arrows: dict[str, set[str]] = {}
    for old, new in re.findall(r"(\w+) --> (\w+)", diagram):
        arrows.setdefault(old, set()).add(new)
    return arrows


def test_the_readme_draws_exactly_the_moves_that_are_allowed():
    assert drawn() == {old: set(new) for old, new in MOVES.items()}


def test_every_state_can_be_left_and_reached():
    assert set(MOVES) == set(ChannelStatus.values)
    assert set().union(*MOVES.values()) == set(ChannelStatus.values)


def test_no_move_leads_nowhere():
    assert all(old not in new for old, new in MOVES.items())
