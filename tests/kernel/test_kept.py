"""Knowledge that is kept for some seconds."""

from kernel.kept import Kept


def test_it_is_asked_for_once_until_it_is_too_old_or_forgotten():
    asked = []
    kept = Kept(lambda: asked.append(1) or len(asked), seconds=60)
    assert (kept.get(), kept.get()) == (1, 1)
    kept.forget()
    assert kept.get() == 2
    old = Kept(lambda: asked.append(1) or len(asked), seconds=-1)
    assert (old.get(), old.get()) == (3, 4)
