import pytest

from sottovoce.sdk import recent
from sottovoce.sdk.recent import RecentTexts


def test_text_is_known_in_the_chat_where_it_was_said() -> None:
    texts = RecentTexts()
    texts.add("lobby", "Ciao")
    assert texts.holds("lobby", "Ciao")
    assert not texts.holds("kitchen", "Ciao")
    assert not texts.holds("lobby", "ciao")


def test_oldest_text_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "TEXTS_MAX", 2)
    texts = RecentTexts()
    for text in ("one", "two", "one", "three"):
        texts.add("lobby", text)
    assert [texts.holds("lobby", text) for text in ("one", "two", "three")] == [True, False, True]
