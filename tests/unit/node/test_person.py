"""Persons wired back to back: what one posts, the other's filters open; no node, no loop."""

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, topic
from sottovoce.chat.commands import AddContact, Asked, JoinPublicChat, OpenOneToOne, SendMessage
from sottovoce.chat.events import Done, MessageAdded
from sottovoce.chat.records import Chat, ChatId, Message
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.node import effects, inputs
from sottovoce.node.person import PERSON_NUMBERS, PERSON_NUMBERS_FROM, Person, is_of
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.payloads.contact_id import contact_id
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.stack.events import DeriveKey, KeyDerived, PeersChanged, Started, TimePassed
from sottovoce.stack.topics import key_of_name

NOW = Moment(100.0, 1_600_000_000.0)


class Alone:
    """One person, whose wishes are noted and whose keys are derived at once."""

    def __init__(self, name: str, store: MemoryPersonStore | None = None) -> None:
        self.identity = secp256k1.generate_private_key(SeededEntropy(name, 1))
        self.key = secp256k1.public_key(self.identity)
        self.store = store or MemoryPersonStore()
        self.entropy = SeededEntropy(name, 2)
        self.filters: dict[int, Filter] = {}
        self.removed: list[int] = []
        self.posts: list[inputs.PostMessage] = []
        self.facts: list[PersonOutput] = []
        self.next_number = PERSON_NUMBERS_FROM
        self.begin()

    def begin(self) -> None:
        self.store.begin()
        self.person = Person(
            self.identity,
            "one",
            self.store,
            self.entropy,
            NOW,
            installed=self.filters,
            first_number=self.next_number,
        )
        self.store.commit()
        self.tell(Started())
        self.tell(PeersChanged(1))

    def tell(self, event: PersonInput, now: Moment = NOW) -> None:
        self.store.begin()
        outputs = self.person.handle(event, now)
        self.store.commit()
        for output in outputs:
            self._note(output)

    def _note(self, output: PersonOutput) -> None:
        match output:
            case inputs.InstallFilter(number, wanted):
                assert number not in self.filters
                self.filters[number] = wanted
                self.next_number = max(self.next_number, number + 1)
            case inputs.RemoveFilter(number):
                del self.filters[number]
                self.removed.append(number)
            case inputs.PostMessage(request):
                self.posts.append(output)
                self.next_number = max(self.next_number, request + 1)
            case DeriveKey(name):
                self.tell(KeyDerived(name, key_of_name(name)))
            case _:
                self.facts.append(output)

    def ask(self, asked: Asked) -> Done:
        self.tell(asked)
        done = self.facts[-1] if isinstance(self.facts[-1], Done) else self._answer()
        assert done.request == asked.request
        return done

    def _answer(self) -> Done:
        return next(fact for fact in reversed(self.facts) if isinstance(fact, Done))


def carry(sender: Alone, receiver: Alone) -> None:
    """Let what one posted reach the other's filters, and tell the sender."""
    posts, sender.posts = sender.posts, []
    for post in posts:
        name = EnvelopeHash(keccak256(post.payload))
        sender.tell(effects.PostSucceeded(post.request, name, len(post.payload), 1, 1.0))
        sender.tell(effects.SentToPeer(receiver.key, (name,)))
        numbers = tuple(
            number
            for number, wanted in receiver.filters.items()
            if post.route.topic in wanted.topics
        )
        if numbers:
            receiver.tell(effects.MessageArrived(numbers, opened(post, name), direct=False))


def opened(post: inputs.PostMessage, name: EnvelopeHash) -> OpenedMessage:
    assert post.route.signer is not None
    return OpenedMessage(
        payload=post.payload,
        padding=b"",
        transport_sender=secp256k1.public_key(post.route.signer),
        recipient=None,
        topic=post.route.topic,
        ttl_s=15,
        sent_unix_s=NOW.unix_whole_s,
        pow=1.0,
        hash=name,
    )


def texts(person: Alone) -> list[str]:
    return [
        fact.message.text
        for fact in person.facts
        if isinstance(fact, MessageAdded) and not fact.message.own
    ]


def test_two_persons_talk_without_anything_around_them() -> None:
    anna, bruno = Alone("anna"), Alone("bruno")
    anna.ask(Asked(1, AddContact(bruno.key)))
    bruno.ask(Asked(1, AddContact(anna.key)))
    for number in range(2, 5):
        for one, other in ((anna, bruno), (bruno, anna)):
            chat = one.ask(Asked(number, OpenOneToOne(other.key))).result
            assert isinstance(chat, Chat)
            said = one.ask(Asked(number, SendMessage(chat.id, f"text {number}"))).result
            assert isinstance(said, Message)
            later = Moment(NOW.monotonic_s + number, NOW.unix_s + number)
            one.tell(TimePassed(), later)
            carry(one, other)
    assert texts(bruno) == texts(anna) == ["text 2", "text 3", "text 4"]


def test_every_wish_has_a_number_of_the_persons_own_range() -> None:
    anna = Alone("anna")
    anna.ask(Asked(1, JoinPublicChat("lobby")))
    anna.ask(Asked(2, SendMessage(ChatId("lobby"), "Ciao")))
    anna.tell(TimePassed(), Moment(NOW.monotonic_s + 5, NOW.unix_s + 5))
    numbers = [*anna.filters, *(post.request for post in anna.posts)]
    assert len(numbers) == len(set(numbers)) > 3
    assert all(is_of(PERSON_NUMBERS_FROM, number) for number in numbers)
    assert not is_of(PERSON_NUMBERS_FROM, 1)
    assert not is_of(PERSON_NUMBERS_FROM, PERSON_NUMBERS_FROM + PERSON_NUMBERS)


def test_person_that_begins_anew_goes_on_with_the_filters_of_its_life_before() -> None:
    anna = Alone("anna")
    anna.ask(Asked(1, JoinPublicChat("lobby")))
    before = dict(anna.filters)
    anna.begin()
    assert (anna.filters, anna.removed) == (before, [])


def test_filter_that_is_wanted_no_more_is_removed_at_the_new_beginning() -> None:
    anna = Alone("anna")
    before = dict(anna.filters)
    stale = PERSON_NUMBERS_FROM + 1000
    [wanted, *_] = before.values()
    anna.filters[stale] = Filter(wanted.key, frozenset({topic(b"gone")}))
    anna.begin()
    assert (anna.filters, anna.removed) == (before, [stale])


def test_answer_to_a_wish_of_another_life_or_owner_is_let_go() -> None:
    anna = Alone("anna")
    for request in (3, PERSON_NUMBERS_FROM + 500):
        anna.tell(effects.PostFailed(request, "no"))
    assert anna.facts == []


def test_message_of_a_filter_that_is_not_the_persons_is_let_go() -> None:
    anna, bruno = Alone("anna"), Alone("bruno")
    bruno.ask(Asked(1, AddContact(anna.key)))
    bruno.tell(TimePassed(), Moment(NOW.monotonic_s + 5, NOW.unix_s + 5))
    [post, *_] = bruno.posts
    arrived = effects.MessageArrived((7,), opened(post, EnvelopeHash(bytes(32))), direct=False)
    anna.tell(arrived)
    assert anna.facts == []


def test_contact_id_names_the_chat_of_a_person() -> None:
    anna, bruno = Alone("anna"), Alone("bruno")
    chat = anna.ask(Asked(1, OpenOneToOne(bruno.key))).result
    assert isinstance(chat, Chat)
    assert chat.id == contact_id(bruno.key)
