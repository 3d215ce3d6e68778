"""Knowledge that is kept for some seconds."""

from kernel.kept import Kept, KeptEach


def test_it_is_asked_for_once_until_it_is_too_old_or_forgotten():
    asked = []
    kept = Kept(lambda: asked.append(1) or len(asked), seconds=60)
    assert (kept.get(), kept.get()) == (1, 1)
    kept.forget()
    assert kept.get() == 2
    old = Kept(lambda: asked.append(1) or len(asked), seconds=-1)
    assert (old.get(), old.get()) == (3, 4)


def test_of_each_key_the_same_holds_and_not_too_many_are_remembered():
    asked = []
    kept = KeptEach(lambda key: asked.append(key) or len(asked), seconds=60, most=2)
    assert [kept.get(key) for key in ("a", "b", "a", "b")] == [1, 2, 1, 2]
    kept.forget("a")
    kept.forget("nobody knows this")
    assert (kept.get("a"), kept.get("b")) == (3, 2)
    assert (kept.get("c"), kept.get("c"), kept.get("b")) == (4, 4, 5)
    old = KeptEach(lambda key: asked.append(key) or len(asked), seconds=-1)
    assert (old.get("a"), old.get("a")) == (6, 7)
