from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import Filter
from sottovoce.secure.facts import SecretAgreed
from sottovoce.stack.events import DeriveKey, Listen, StopListening
from sottovoce.stack.listening import Listening
from sottovoce.stack.memory_store import MemoryStackStore
from sottovoce.stack.routes import Routes
from sottovoce.stack.topics import contact_code, negotiated, topic_of_name

IDENTITY = PrivateKey(b"identity key of thirty-two bytes")
BOB = secp256k1.public_key(PrivateKey(b"bob's key is of thirty-two bytes"))
KEY, SECRET = SymmetricKey(b"k" * 32), SymmetricKey(b"s" * 32)


class Ear:
    def __init__(self, store: MemoryStackStore | None = None) -> None:
        self.store = store or MemoryStackStore()
        self.routes = Routes(IDENTITY)
        self.listening = Listening(self.routes, self.store)

    def want(self, *chats: str, silent: tuple[PublicKey, ...] = ()) -> list[object]:
        self.routes.want(
            public_chats=frozenset(chats), followed=frozenset(), silent=frozenset(silent)
        )
        return [*self.listening.refresh()]


def started(*chats: str) -> Ear:
    """Return somebody who hears their own topics and these chats."""
    ear = Ear()
    ear.listening.start()
    ear.want(*chats)
    for name in (contact_code(ear.routes.own).text, *chats):
        ear.listening.derived(name, KEY)
    return ear


def test_start_hears_what_is_sealed_for_us_and_asks_for_the_key_of_our_contact_code() -> None:
    ear = Ear()
    of_class, of_us = ear.routes.filters_of_people()
    assert ear.listening.start() == [
        Listen(1, of_class),
        Listen(2, of_us),
        DeriveKey(contact_code(ear.routes.own).text),
    ]
    assert ear.listening.names_of([1, 2]) == []


def test_key_is_asked_for_once_stored_and_then_the_name_is_heard() -> None:
    ear = started()
    assert ear.want("lobby") == [DeriveKey("lobby")]
    assert ear.want("lobby") == []
    [listen] = ear.listening.derived("lobby", KEY)
    assert listen == Listen(4, Filter(KEY, frozenset({topic_of_name("lobby")}), allows_direct=True))
    assert ear.store.load_name_key("lobby") == KEY
    assert ear.listening.names_of([4, 99]) == ["lobby"]
    assert ear.listening.derived("lobby", KEY) == []


def test_stored_key_is_not_derived_again() -> None:
    ear = Ear(started("lobby").store)
    ear.want("lobby")
    assert all(isinstance(wish, Listen) for wish in ear.listening.start())


def test_name_that_is_wanted_no_more_is_not_heard_and_its_key_is_forgotten() -> None:
    ear = started("lobby")
    assert ear.want() == [StopListening(4)]
    assert ear.store.load_name_key("lobby") is None
    assert ear.listening.names_of([4]) == []


def test_key_that_comes_too_late_is_not_kept() -> None:
    ear = started()
    ear.want("lobby")
    ear.want()
    assert ear.listening.derived("lobby", KEY) == []
    assert ear.store.load_name_key("lobby") is None


def test_key_of_a_name_that_is_only_written_to_is_kept_as_long_as_it_is_needed() -> None:
    ear = started()
    assert ear.listening.need_key("lobby") == [DeriveKey("lobby")]
    assert ear.listening.need_key("lobby") == []
    assert ear.listening.derived("lobby", KEY) == []
    assert ear.routes.has_key("lobby")
    ear.listening.release_key("lobby")
    assert not ear.routes.has_key("lobby")
    assert ear.store.load_name_key("lobby") is None


def test_chat_that_is_left_while_something_waits_keeps_its_key_until_it_has_left() -> None:
    ear = started("lobby")
    assert ear.listening.need_key("lobby") == []
    assert ear.want() == [StopListening(4)]
    assert ear.routes.has_key("lobby")
    ear.listening.release_key("lobby")
    assert not ear.routes.has_key("lobby")


def test_heard_chat_keeps_its_key_when_nothing_waits_any_more() -> None:
    ear = started("lobby")
    ear.listening.need_key("lobby")
    ear.listening.release_key("lobby")
    assert ear.routes.has_key("lobby")


def test_negotiated_topic_is_heard_from_the_first_word_of_it_on() -> None:
    ear = started()
    assert ear.listening.agree(BOB, SECRET) == [DeriveKey(negotiated(SECRET).text)]
    assert ear.listening.agree(BOB, SECRET) == []
    assert len(ear.listening.derived(negotiated(SECRET).text, KEY)) == 1


def test_negotiated_topic_of_the_ignored_is_not_heard() -> None:
    ear = started()
    ear.want(silent=(BOB,))
    assert ear.listening.agree(BOB, SECRET) == []
    assert ear.want() == [DeriveKey(negotiated(SECRET).text)]


def test_after_a_start_those_negotiated_topics_are_heard_that_were_heard_before() -> None:
    ear = started()
    ear.listening.agree(BOB, SECRET)
    ear.listening.derived(negotiated(SECRET).text, KEY)
    again = Ear(ear.store)
    stranger = PublicKey(b"x" * 64)
    other = SymmetricKey(b"o" * 32)
    again.listening.restore([SecretAgreed(BOB, SECRET), SecretAgreed(stranger, other)])
    assert again.routes.has_agreed(BOB)
    assert not again.routes.has_agreed(stranger)
    heard = [wish.filter for wish in again.listening.start() if isinstance(wish, Listen)]
    assert Filter(KEY, frozenset({negotiated(SECRET).topic}), allows_direct=True) in heard
