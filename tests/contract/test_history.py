"""What every reader of history promises."""

import pytest

from contract.conftest import Kept
from contract.made import chat, message, message_id, person, reaction
from sottovoce.chat.records import ChatId, Contact, Message, Place, Profile

LOBBY = ChatId("lobby")


def numbers(messages: object) -> list[int]:
    assert isinstance(messages, list | tuple)
    return [int.from_bytes(it.id) for it in messages]


def keep(kept: Kept, *messages: Message) -> None:
    for each in messages:
        kept.store.save_message(each)
    kept.commit()


def test_chat_with_the_newest_message_comes_first(kept: Kept) -> None:
    for chat_id, unix_ms in (("b", 5), ("c", 9), ("a", 5), ("d", 0)):
        kept.store.save_chat(chat(chat_id, last_message_unix_ms=unix_ms))
    kept.commit()
    assert [it.id for it in kept.history.list_chats()] == ["c", "a", "b", "d"]


def test_profile_contacts_and_one_message_are_read(kept: Kept) -> None:
    kept.store.save_profile(Profile("a.eth"))
    for n in (3, 1, 2):
        kept.store.save_contact(Contact(person(n)))
    keep(kept, message(1))
    assert kept.history.read_profile() == Profile("a.eth")
    assert [it.key for it in kept.history.list_contacts()] == [person(1), person(2), person(3)]
    assert kept.history.read_message(message_id(1)) == message(1)
    assert kept.history.read_message(message_id(2)) is None


def test_page_is_in_the_order_of_clock_and_id_the_newest_first(kept: Kept) -> None:
    keep(
        kept,
        message(1, clock=5),
        message(3, clock=4),
        message(2, clock=5),
        message(9, chat_id="bar"),
    )
    assert numbers(kept.history.page(LOBBY, before=None, limit=9)) == [2, 1, 3]
    assert numbers(kept.history.page(LOBBY, before=None, limit=1)) == [2]
    assert numbers(kept.history.page(LOBBY, before=Place(5, message_id(2)), limit=9)) == [1, 3]
    assert numbers(kept.history.page(LOBBY, before=Place(4, message_id(3)), limit=9)) == []
    assert numbers(kept.history.page(ChatId("nowhere"), before=None, limit=9)) == []


def test_messages_are_found_by_the_beginning_of_their_id(kept: Kept) -> None:
    keep(kept, *(message(0xAB0 << 244 | n, clock=n) for n in range(12)))
    keep(kept, message(0xAC << 248, clock=1))
    assert len(kept.history.find_messages("ab")) == 10
    assert numbers(kept.history.find_messages("ac")) == [0xAC << 248]
    assert numbers(kept.history.find_messages("ab0" + "0" * 60 + "b")) == [0xAB0 << 244 | 11]
    assert len(kept.history.find_messages("")) == 10
    for nobody in ("ab1", "AC", "xy", "a c", "0" * 65):
        assert numbers(kept.history.find_messages(nobody)) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("straße", [1]),
        ("STRASSE", [1]),
        ("stra", [1]),
        ("rasse", []),
        ("ends here", [2]),
        ("here ends", [2]),
        ("don't", [3]),
        ("don", [3]),
        ("t don", [3]),
        ("t'don", []),
        ("snake_case", [4]),
        ("2020", [5]),
        ("", []),
        ("  ", []),
        ("?!", []),
        ('"', []),
        ("hello ?", [1, 2]),
        ("été", [6]),
        ("ete", []),
        ("привет", [7]),
        ("おはよう", [8]),
        ("おは", [8]),
    ],
)
def test_search_finds_words_and_beginnings_of_words(
    kept: Kept, words: str, found: list[int]
) -> None:
    kept.store.save_chat(chat("lobby"))
    texts = [
        *("Hello, Straße!", "hello; it ends here", "Don't.", "snake_case", "(2020-01-02)"),
        *("ÉTÉ", "ПРИВЕТ мир", "おはよう 世界"),
    ]
    keep(kept, *(message(n, text=text) for n, text in enumerate(texts, 1)))
    hits = kept.history.search(words, chat_id=None, before=None, limit=9)
    assert sorted(numbers(hits)) == found


@pytest.mark.parametrize(
    "words",
    [
        '"hello',
        "hello*",
        "NEAR(hello)",
        "hello OR x",
        "words:hello",
        "-hello",
        "^hello",
        "a AND",
        "(",
    ],
)
def test_signs_of_a_query_language_are_nothing_but_signs(kept: Kept, words: str) -> None:
    kept.store.save_chat(chat("lobby"))
    keep(kept, message(1, text="hello"), message(2, text=f"say: {words}"))
    hits = numbers(kept.history.search(words, chat_id=LOBBY, before=None, limit=9))
    assert hits in ([2, 1], [2], [])


def test_long_query_is_answered(kept: Kept) -> None:
    words = " ".join(f"word{n}" for n in range(400))
    keep(kept, message(1, text=words))
    assert numbers(kept.history.search(words, chat_id=LOBBY, before=None, limit=9)) == [1]


def test_search_sees_accepted_chats_or_the_one_that_is_named(kept: Kept) -> None:
    for chat_id, accepted in (("lobby", True), ("bar", True), ("stranger", False)):
        kept.store.save_chat(chat(chat_id, accepted=accepted))
    rooms = ("lobby", "bar", "stranger", "without a chat")
    keep(kept, *(message(n, chat_id=room) for n, room in enumerate(rooms, 1)))

    def search(chat_id: str | None) -> list[int]:
        named = None if chat_id is None else ChatId(chat_id)
        return numbers(kept.history.search("hello", chat_id=named, before=None, limit=9))

    assert [search(name) for name in (None, "bar", "stranger")] == [[2, 1], [2], [3]]


def test_search_goes_on_behind_a_place(kept: Kept) -> None:
    keep(kept, *(message(n, text=f"hello {n}") for n in (1, 2, 3)), message(4, text="other"))
    first = kept.history.search("hello", chat_id=LOBBY, before=None, limit=2)
    assert numbers(first) == [3, 2]
    place = Place(first[-1].clock, first[-1].id)
    assert numbers(kept.history.search("hello", chat_id=LOBBY, before=place, limit=2)) == [1]


def test_search_forgets_what_was_changed_or_removed(kept: Kept) -> None:
    keep(kept, message(1, text="first"), message(2, text="second"))
    keep(kept, message(1, text="third"))
    found = {
        word: numbers(kept.history.search(word, chat_id=LOBBY, before=None, limit=9))
        for word in ("first", "second", "third")
    }
    assert found == {"first": [], "second": [2], "third": [1]}
    kept.store.remove_messages(LOBBY, up_to_clock=1)
    kept.commit()
    assert kept.history.search("third", chat_id=LOBBY, before=None, limit=9) == []


def test_reactions_come_in_the_order_of_clocks_without_those_taken_back(kept: Kept) -> None:
    for n, author, clock in ((1, 5, 3), (2, 5, 1), (1, 6, 2), (3, 5, 1)):
        kept.store.save_reaction(reaction(n, author, clock=clock))
    kept.store.save_reaction(reaction(1, 7, retracted=True))
    kept.commit()
    found = kept.history.reactions([message_id(1), message_id(2), message_id(1)])
    assert [(int.from_bytes(it.message_id), it.clock) for it in found] == [(2, 1), (1, 2), (1, 3)]
