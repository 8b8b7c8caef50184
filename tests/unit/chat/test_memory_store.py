from dataclasses import replace

from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import (
    Chat,
    ChatId,
    ChatKind,
    Contact,
    Message,
    Place,
    Profile,
    Reaction,
)
from sottovoce.payloads.message_id import MessageId
from unit.chat.people import LOBBY, Person

ANNA, BRUNO = Person(1).key, Person(2).key
INBOX = ChatId("inbox")


def id_of(number: int) -> MessageId:
    return MessageId(number.to_bytes(32, "big"))


def message(
    number: int, *, clock: int = 1, text: str = "Ciao", chat_id: ChatId = LOBBY, own: bool = False
) -> Message:
    return Message(id_of(number), chat_id, ANNA, clock, 1, 1, 1, text, own=own)


def reaction(number: int, *, clock: int = 1, type: int = 1, retracted: bool = False) -> Reaction:
    return Reaction(id_of(number), LOBBY, ANNA, type, clock, retracted)


def store_with(*messages: Message) -> MemoryChatStore:
    store = MemoryChatStore()
    store.save_chat(Chat(LOBBY, ChatKind.PUBLIC))
    store.save_chat(Chat(INBOX, ChatKind.ONE_TO_ONE, accepted=False))
    for each in messages:
        store.save_message(each)
    return store


def test_empty_store_has_nothing() -> None:
    store = MemoryChatStore()
    assert store.load_profile() == store.read_profile() == Profile()
    assert list(store.chats()) == []
    assert list(store.contacts()) == []
    assert store.load_message(id_of(1)) is None
    assert store.load_reaction(id_of(1), ANNA, 1) is None
    assert store.page(LOBBY, before=None, limit=9) == []
    store.remove_chat(LOBBY)
    store.remove_contact(ANNA)
    store.remove_messages(LOBBY, up_to_clock=9)


def test_what_is_saved_again_is_replaced() -> None:
    store = store_with(message(1))
    store.save_message(message(1, text="new"))
    assert [it.text for it in store.page(LOBBY, before=None, limit=9)] == ["new"]
    store.save_contact(Contact(ANNA))
    store.save_contact(Contact(ANNA, added=True))
    assert list(store.contacts()) == [Contact(ANNA, added=True)]
    store.save_profile(Profile("anna.eth"))
    assert store.read_profile() == Profile("anna.eth")


def test_chats_come_with_the_newest_message_first() -> None:
    store = store_with()
    store.save_chat(Chat(INBOX, ChatKind.ONE_TO_ONE, last_message_unix_ms=5))
    assert [chat.id for chat in store.list_chats()] == [INBOX, LOBBY]


def test_contacts_come_in_the_order_of_keys() -> None:
    store = MemoryChatStore()
    for key in (ANNA, BRUNO):
        store.save_contact(Contact(key))
    assert [it.key for it in store.list_contacts()] == sorted((ANNA, BRUNO), key=lambda k: k.raw)
    store.remove_contact(ANNA)
    assert [it.key for it in store.list_contacts()] == [BRUNO]


def test_pages_follow_clock_and_id() -> None:
    order = [(3, 9), (3, 1), (2, 5), (1, 7)]
    store = store_with(*(message(number, clock=clock) for clock, number in order))
    first = store.page(LOBBY, before=None, limit=3)
    assert [it.id for it in first] == [id_of(9), id_of(1), id_of(5)]
    rest = store.page(LOBBY, before=Place(2, id_of(5)), limit=3)
    assert [it.id for it in rest] == [id_of(7)]


def test_messages_are_forgotten_up_to_a_clock_with_their_reactions() -> None:
    store = store_with(message(1, clock=1), message(2, clock=2))
    store.save_reaction(reaction(1))
    store.remove_messages(LOBBY, up_to_clock=1)
    assert [it.id for it in store.page(LOBBY, before=None, limit=9)] == [id_of(2)]
    assert store.load_reaction(id_of(1), ANNA, 1) is None


def test_forgotten_chat_leaves_nothing() -> None:
    store = store_with(message(1), message(2, chat_id=INBOX))
    store.save_reaction(reaction(1))
    store.remove_chat(LOBBY)
    assert store.read_message(id_of(1)) is None
    assert store.reactions([id_of(1)]) == []
    assert [chat.id for chat in store.chats()] == [INBOX]
    assert store.read_message(id_of(2)) is not None


def test_unread_are_messages_of_others_above_a_clock() -> None:
    store = store_with(message(1), message(2, clock=2), message(3, clock=2, own=True))
    assert store.unread_count(LOBBY, above_clock=1) == 1
    assert store.unread_count(INBOX, above_clock=0) == 0


def test_messages_are_found_by_the_beginning_of_their_id() -> None:
    store = store_with(*(message(number) for number in range(20)))
    assert store.find_messages(id_of(7).hex()) == [message(7)]
    assert [it.id for it in store.find_messages("00")] == [id_of(number) for number in range(10)]
    assert store.find_messages("f") == []


def test_search_finds_words_and_beginnings_whatever_the_case() -> None:
    store = store_with(
        message(1, clock=1, text="Ciao Bruno, STRASSE"),
        message(2, clock=2, text="ciao, bruna"),
        message(3, clock=3, text="Bru chiacchiera"),
        message(4, clock=4, text="ciao bruno", chat_id=INBOX),
    )

    def found(words: str, chat_id: ChatId | None = None, limit: int = 9) -> list[int]:
        results = store.search(words, chat_id=chat_id, before=None, limit=limit)
        return [it.clock for it in results]

    assert found("bru") == [3, 2, 1]
    assert found("CIAO bru") == [2, 1]
    assert found("bruno ciao") == [1]
    assert found("straße") == [1]
    assert found("iao") == found("") == found("...") == []
    assert found("ciao", INBOX) == [4]
    assert found("bru", limit=1) == [3]
    behind = store.search("bru", chat_id=None, before=Place(3, id_of(3)), limit=9)
    assert [it.clock for it in behind] == [2, 1]


def test_reactions_come_in_the_order_of_clocks_without_those_taken_back() -> None:
    store = store_with(message(1), message(2))
    late, early = reaction(1, clock=9), reaction(2, clock=3)
    for each in (late, early, reaction(1, type=2, clock=1, retracted=True)):
        store.save_reaction(each)
    assert store.reactions([id_of(1), id_of(2), id_of(1)]) == [early, late]
    assert store.load_reaction(id_of(1), ANNA, 2) is not None
    store.save_reaction(replace(late, clock=10, retracted=True))
    assert store.reactions([id_of(1), id_of(2)]) == [early]
