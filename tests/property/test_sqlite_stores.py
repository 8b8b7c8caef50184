"""Whatever is done to them, the stores of dictionaries and those of SQLite give equal answers."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from contract.made import CHAIN, chat, message, message_id, message_keys, person, reaction, session
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import ChatId, Message, Place
from sottovoce.chat.stores import ChatStore, HistoryReader
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.stores import SecureStore
from sottovoce.sync.memory_store import MemorySyncStore
from sottovoce.sync.records import MessageId
from sottovoce.sync.stores import SyncStore

ROOMS = ("lobby", "bar")
LARGEST = 6
few = st.integers(0, LARGEST)
texts = st.text(st.sampled_from("aAbß é'-_*\"1"), max_size=8)


def is_same_after_both_ends(change: Callable[[MemoryPersonStore], None]) -> None:
    """Run a batch in a store of its own; `change` compares as it goes."""
    store = MemoryPersonStore()
    store.begin()
    change(store)
    store.rollback()
    store.close()


# ---- secrecy


def secure_answers(store: SecureStore) -> list[object]:
    names = [session(n) for n in range(2)]
    return [
        sorted(store.sessions()),
        sorted(store.peers()),
        list(store.strangers()),
        [store.load_session(name) for name in names],
        [store.load_message_key(name, CHAIN, n) for name in names for n in range(40)],
        [store.is_ended_chain(name, bytes([n])) for name in names for n in range(LARGEST + 1)],
    ]


SecureChange = tuple[str, int, int, int]


def change_secure(store: SecureStore, change: SecureChange, sequence: int) -> None:
    kind, n, size, bound = change
    name = session(n)
    match kind:
        case "keys":
            keys = message_keys(*range(sequence, sequence + size))
            store.add_message_keys(name, keys, newest=bound + 1, above=sequence - bound)
        case "next key":
            # As a message is opened that comes in its order, whether or not it is confirmed.
            store.load_message_key(name, CHAIN, sequence)
            above = sequence - LARGEST * bound
            store.add_message_keys(name, message_keys(sequence), newest=bound + 1, above=above)
            if size > 1:
                store.delete_message_key(name, CHAIN, sequence)
        case "chain":
            store.add_ended_chain(name, bytes([size]), newest=bound + 1)
        case "save":
            store.save_session(name, bytes([size]))
            store.save_peer(bytes([size]), bytes([bound]), stranger=bound > 1)
        case "delete peer":
            store.delete_peer(bytes([size]))
        case "delete key":
            store.delete_message_key(name, CHAIN, sequence - size)
        case _:
            store.delete_session(name)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    *("keys", "next key", "next key", "chain", "save", "save"),
                    *("delete peer", "delete key", "delete"),
                ]
            ),
            st.integers(0, 1),
            few,
            few,
        ),
        max_size=LARGEST,
    ),
    st.booleans(),
)
def test_secrecy_is_kept_alike(changes: list[SecureChange], commits: bool) -> None:
    def both(person_store: MemoryPersonStore) -> None:
        model, store = MemoryStore(), person_store.below_chat.secure
        for place, change in enumerate(changes):
            for each in (model, store):
                change_secure(each, change, place * LARGEST)
            if commits:
                person_store.commit()
                person_store.begin()
            assert secure_answers(store) == secure_answers(model)

    is_same_after_both_ends(both)


# ---- data sync


def sync_answers(store: SyncStore) -> list[bool]:
    return [
        store.has_received(person(peer), MessageId(bytes([n]) * 32))
        for peer in range(3)
        for n in range(LARGEST + 1)
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 2), few, st.booleans(), st.integers(1, 3), st.integers(1, 5)),
        max_size=12,
    )
)
def test_received_ids_are_remembered_alike(
    changes: list[tuple[int, int, bool, int, int]],
) -> None:
    def both(person_store: MemoryPersonStore) -> None:
        model, store = MemorySyncStore(), person_store.below_chat.sync
        for peer, n, answered, per_peer, total in changes:
            for each in (model, store):
                each.remember_received(
                    person(peer),
                    MessageId(bytes([n]) * 32),
                    answered=answered,
                    per_peer_max=per_peer,
                    total_max=total,
                )
            assert sync_answers(store) == sync_answers(model)

    is_same_after_both_ends(both)


# ---- chats

ChatChange = tuple[str, int, int, str]


def room_of(n: int) -> str:
    return ROOMS[n % len(ROOMS)]


def change_chats(store: ChatStore, change: ChatChange) -> None:
    kind, n, clock, text = change
    room = ChatId(room_of(n))
    match kind:
        case "message":
            store.save_message(message(n, chat_id=room, clock=clock, text=text, own=n > clock))
        case "chat":
            store.save_chat(chat(room, accepted=clock > 1, last_message_unix_ms=clock))
        case "reaction" if store.load_message(message_id(n)) is not None:
            made = reaction(n, clock % 2, chat_id=room, clock=clock, retracted=clock == 1)
            store.save_reaction(made)
        case "clear":
            store.remove_messages(room, up_to_clock=clock)
        case "remove":
            store.remove_chat(room)
        case _:
            pass


def chat_answers(store: ChatStore, history: HistoryReader, words: list[str]) -> list[object]:
    places = [None, Place(3, message_id(3))]
    ids = [message_id(n) for n in range(LARGEST + 1)]
    found: list[list[Message]] = [
        list(history.search(each, chat_id=room, before=place, limit=3))
        for each in words
        for room in (None, ChatId("bar"))
        for place in places
    ]
    return [
        found,
        history.list_chats(),
        [history.page(ChatId(room), before=at, limit=3) for room in ROOMS for at in places],
        [store.unread_count(ChatId(room), above_clock=2) for room in ROOMS],
        [store.load_message(each) for each in ids],
        history.reactions(ids),
        history.find_messages("0" * 63),
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["message", "message", "chat", "reaction", "clear", "remove"]),
            few,
            few,
            texts,
        ),
        max_size=12,
    ),
    st.lists(texts, max_size=3),
)
def test_chats_are_kept_and_found_alike(changes: list[ChatChange], words: list[str]) -> None:
    def both(store: MemoryPersonStore) -> None:
        model, history = MemoryChatStore(), store.open_history()
        for change in changes:
            change_chats(model, change)
            change_chats(store.chat, change)
        store.commit()
        texts_too = [*words, *(text for *_, text in changes[:2])]
        assert chat_answers(store.chat, history, texts_too) == chat_answers(model, model, texts_too)
        history.close()
        store.begin()

    is_same_after_both_ends(both)
