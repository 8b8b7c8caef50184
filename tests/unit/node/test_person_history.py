"""A person and the machine that asks for history, with a relay and a mailserver beside them."""

from collections import Counter

import pytest

from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.chat.commands import (
    AddContact,
    CreateGroup,
    JoinGroup,
    JoinPublicChat,
    LeaveChat,
    OpenOneToOne,
    SendMessage,
)
from sottovoce.chat.records import Chat, ChatId, Group, Message, MessageState
from sottovoce.mail.client_events import FetchAsked, OnlineChanged, PageEnd, ServersChanged
from sottovoce.node import effects, inputs
from sottovoce.node.person import PERSON_NUMBERS_FROM, is_of
from sottovoce.payloads.contact_id import contact_id
from sottovoce.secure.facts import Secrecy
from sottovoce.secure.settings import SKIP_MAX
from sottovoce.stack.events import PeersChanged
from sottovoce.stack.topics import (
    contact_code,
    partitioned,
    personal_discovery,
    topic_of_name,
    topics_with,
)
from unit.node.person_network import DAY_S, RELAY, SERVER, SERVER_KEY, Office, Participant

LOBBY = ChatId("lobby")
HOUR_S = 3600


def befriend(office: Office, *people: Participant) -> None:
    for one in people:
        for other in people:
            if one is not other:
                one.ask(AddContact(other.key))
    office.run(60)


def say(person: Participant, chat_id: ChatId, text: str) -> None:
    person.ask(SendMessage(chat_id, text))


def three_people() -> tuple[Office, Participant, Participant, Participant, ChatId]:
    """Three friends in a public chat and a group, who talked over a session already."""
    office = Office()
    people = tuple(Participant(name, office) for name in ("anna", "bruno", "carla"))
    anna, bruno, carla = people
    for person in people:
        person.start(SERVER)
        person.ask(JoinPublicChat(LOBBY))
    befriend(office, *people)
    group = anna.ask(CreateGroup("Walk", (bruno.key, carla.key)))
    assert isinstance(group, Group)
    office.run(60)
    for person in (bruno, carla):
        person.ask(JoinGroup(group.chat_id))
    for one, other in ((anna, carla), (carla, anna)):
        chat = one.ask(OpenOneToOne(other.key))
        assert isinstance(chat, Chat)
        say(one, chat.id, "before")
        office.run(30)
    return office, anna, bruno, carla, group.chat_id


@pytest.mark.slow
def test_who_was_away_for_three_days_gets_everything_once_and_in_order() -> None:
    office, anna, bruno, carla, walk = three_people()
    carla.stop()
    office.run(HOUR_S)
    said: dict[ChatId, list[str]] = {walk: [], LOBBY: [], ChatId(contact_id(anna.key)): []}
    for hour in range(0, 72, 12):
        speaker = (anna, bruno)[hour % 24 == 0]
        for chat_id in (walk, LOBBY):
            said[chat_id].append(f"{chat_id[:4]} {hour}")
            say(speaker, chat_id, said[chat_id][-1])
        said[ChatId(contact_id(anna.key))].append(f"alone {hour}")
        say(anna, ChatId(contact_id(carla.key)), f"alone {hour}")
        office.run(12 * HOUR_S)
    carla.added.clear()
    carla.start(SERVER)
    office.run(120)
    assert any(done.complete for done in carla.fetched)
    expected = [text for texts in said.values() for text in texts]
    news = Counter(each.text for each in carla.added if not each.own and each.text in expected)
    assert news == Counter(expected)
    for chat_id, texts in said.items():
        assert [text for text in carla.texts(chat_id) if text in texts] == texts
    alone = [each for each in carla.added if each.text.startswith("alone")]
    assert {each.secrecy for each in alone} == {Secrecy.RATCHET}
    assert {each.state for each in anna.said("alone")} == {MessageState.ACKNOWLEDGED}


@pytest.mark.slow
def test_all_days_open_though_their_repetitions_are_more_than_a_session_skips() -> None:
    office = Office()
    anna, carla = Participant("anna", office), Participant("carla", office)
    for person in (anna, carla):
        person.start(SERVER)
    befriend(office, anna, carla)
    for one, other in ((anna, carla), (carla, anna)):
        chat = one.ask(OpenOneToOne(other.key))
        assert isinstance(chat, Chat)
        say(one, chat.id, "before")
        office.run(30)
    carla.stop()
    expected = [f"alone {day}" for day in range(6)]
    for text in expected:
        say(anna, ChatId(contact_id(carla.key)), text)
        office.run(DAY_S)
    anna.stop()  # Nothing is said again.
    assert len(office.archive) > SKIP_MAX
    carla.start(SERVER)
    office.run(60)
    assert [text for text in carla.texts(ChatId(contact_id(anna.key))) if text in expected] == (
        expected
    )


@pytest.mark.slow
def test_process_that_ends_around_any_commit_of_fetching_misses_and_doubles_nothing() -> None:
    office, anna, _, carla, _ = three_people()
    carla.stop()
    to_carla, expected = ChatId(contact_id(carla.key)), [f"alone {number}" for number in range(3)]
    for text in expected:
        say(anna, to_carla, text)
        say(anna, LOBBY, text)
        office.run(60)
    period = 6
    for first in range(1, 1 + period):
        later = Office(office.now_s, [*office.archive])
        back = Participant("carla", later, carla.store.copied())
        back.ends_at = frozenset(range(first, 200, period))
        back.start(SERVER)
        later.run(100)
        back.ends_at = frozenset()
        later.run(100)
        for chat_id in (LOBBY, ChatId(contact_id(anna.key))):
            assert [text for text in back.texts(chat_id) if text in expected] == expected
        assert back.commit_count > 2 * period


def test_topics_of_our_key_and_no_other_are_never_asked_for_and_a_friends_code_is() -> None:
    office = Office()
    anna, bruno = Participant("anna", office), Participant("bruno", office)
    for person in (anna, bruno):
        person.start(SERVER)
    befriend(office, anna, bruno)
    office.run(10)
    asked = {topic for ask in office.asked for topic in ask.wanted.topics}
    assert contact_code(bruno.key).topic in asked
    of_anna = Office()
    alone = Participant("anna", of_anna)
    alone.start(SERVER)
    of_anna.run(10)
    asked = {topic for ask in of_anna.asked for topic in ask.wanted.topics}
    assert asked
    unasked = {contact_code(alone.key).topic, personal_discovery(alone.key).topic}
    assert not unasked & asked
    assert partitioned(alone.key).topic in asked
    heard = {topic for wanted in alone.filters.values() for topic in wanted.topics}
    assert unasked <= heard


def test_requests_have_numbers_of_the_persons_own_range() -> None:
    office = Office()
    anna = Participant("anna", office)
    anna.start(SERVER)
    office.run(10)
    numbers = [ask.request for ask in office.asked]
    assert numbers
    assert len(set(numbers)) == len(numbers)
    assert all(is_of(PERSON_NUMBERS_FROM, number) for number in numbers)
    assert not set(numbers) & set(anna.filters)


def test_chat_that_is_joined_is_fetched_and_one_that_was_left_no_more() -> None:
    office = Office()
    anna = Participant("anna", office)
    anna.start(SERVER)
    office.run(10)
    office.asked.clear()
    anna.ask(JoinPublicChat(LOBBY))
    office.run(10)
    assert {topic for ask in office.asked for topic in ask.wanted.topics} == {topic_of_name(LOBBY)}
    anna.ask(LeaveChat(LOBBY))
    office.asked.clear()
    anna.tell(FetchAsked(7))
    office.run(10)
    assert topic_of_name(LOBBY) not in {each for ask in office.asked for each in ask.wanted.topics}


def test_what_is_asked_for_one_chat_is_asked_as_far_as_it_is_heard() -> None:
    office = Office()
    anna, bruno = Participant("anna", office), Participant("bruno", office)
    anna.start(SERVER)
    office.run(10)
    office.asked.clear()
    with_bruno = topics_with(anna.identity, bruno.key)
    from_unix_s = int(office.moment.unix_s) - 10 * DAY_S
    anna.tell(FetchAsked(7, from_unix_s, with_bruno))
    office.run(10)
    heard = {topic for wanted in anna.filters.values() for topic in wanted.topics}
    assert {each for ask in office.asked for each in ask.wanted.topics} == with_bruno & heard
    assert min(ask.wanted.from_unix_s for ask in office.asked) <= from_unix_s
    assert anna.fetched[-1].request == 7
    assert anna.fetched[-1].complete


def test_chat_that_is_not_heard_is_not_asked_for_and_the_asker_learns_why() -> None:
    office = Office()
    anna = Participant("anna", office)
    anna.start(SERVER)
    office.run(10)
    office.asked.clear()
    anna.tell(FetchAsked(8, None, frozenset({topic_of_name("elsewhere")})))
    [done] = [each for each in anna.fetched if each.request == 8]
    assert not done.complete
    assert "not" in done.detail or "nothing" in done.detail
    assert office.asked == []


def test_mailserver_is_dialled_where_nobody_else_can_be_reached() -> None:
    office = Office()
    anna = Participant("anna", office)
    anna.start(SERVER)
    anna.tell(PeersChanged(0))
    office.run(3)
    assert anna.linked == []
    office.run(30)
    assert anna.linked[0] == inputs.AddPeer(SERVER.enode)
    assert office.asked


def test_mailserver_that_was_silent_is_tried_at_once_when_somebody_connects() -> None:
    office = Office(is_serving=False)
    anna = Participant("anna", office)
    anna.start(SERVER)
    anna.tell(PeersChanged(0))
    office.run(1000)
    assert office.asked == []
    office.is_serving = True
    anna.tell(PeersChanged(1))
    office.run(5)
    assert office.asked


def test_nothing_is_dialled_while_the_network_may_not_be_used() -> None:
    office = Office()
    anna = Participant("anna", office)
    anna.start()
    anna.tell(OnlineChanged(online=False))
    anna.tell(ServersChanged((SERVER,)))
    anna.tell(PeersChanged(0))
    office.run(HOUR_S)
    assert anna.linked == []
    anna.tell(OnlineChanged(online=True))
    office.run(3)
    assert anna.linked == [inputs.AddPeer(SERVER.enode)]


def test_person_without_mailservers_is_never_woken_for_them() -> None:
    office = Office()
    anna = Participant("anna", office)
    anna.start()
    anna.tell(PeersChanged(0))
    office.run(HOUR_S)
    assert anna.due_s > office.now_s + HOUR_S or anna.due_s == float("inf")


def test_pages_and_peers_that_are_none_of_ours_change_nothing() -> None:
    office = Office()
    anna = Participant("anna", office)
    anna.start(SERVER)
    office.run(10)
    before = len(office.asked)
    anna.tell(effects.HistoryArriving(5, 1, 1, 1))
    anna.tell(effects.HistoryDone(5, PageEnd.ANSWERED))
    anna.tell(effects.PeerDisconnected(anna.key, "bye"))
    assert len(office.asked) == before


def test_topics_are_told_once_whatever_many_filters_say() -> None:
    office = Office()
    anna = Participant("anna", office)
    anna.start(SERVER)
    office.run(10)
    assert [done.request for done in anna.fetched] == [None]


def asking(office: Office) -> tuple[Participant, Message]:
    """Return somebody who trusts the server, and what she has just said in public."""
    anna = Participant("anna", office)
    anna.start(SERVER)
    anna.ask(JoinPublicChat(LOBBY))
    message = anna.ask(SendMessage(LOBBY, "Who is there?"))
    assert isinstance(message, Message)
    office.run(1)
    return anna, message


def test_message_is_stored_when_a_mailserver_that_we_trust_confirms_it() -> None:
    office = Office()
    anna, message = asking(office)
    [letter] = office.archive

    def confirmed(key: PublicKey, *accepted: EnvelopeHash) -> MessageState:
        refused = () if accepted else ((letter.hash, "very old envelope"),)
        anna.tell(effects.ConfirmedByPeer(key, letter.hash, refused, accepted))
        office.run(1)
        kept = anna.store.chat.load_message(message.id)
        assert kept is not None
        return kept.state

    assert confirmed(RELAY, letter.hash) is MessageState.SENT
    assert confirmed(SERVER_KEY) is MessageState.SENT
    assert confirmed(SERVER_KEY, letter.hash) is MessageState.STORED
    assert confirmed(SERVER_KEY) is MessageState.STORED


def test_word_of_a_mailserver_that_we_trust_no_more_counts_not() -> None:
    office = Office()
    anna, message = asking(office)
    [letter] = office.archive
    anna.tell(ServersChanged(()))
    anna.tell(effects.ConfirmedByPeer(SERVER_KEY, letter.hash, (), (letter.hash,)))
    kept = anna.store.chat.load_message(message.id)
    assert kept is not None
    assert kept.state is MessageState.SENT


@pytest.mark.parametrize("is_trusted", [True, False])
def test_public_message_whose_confirmation_was_lost_is_stored_when_a_mailserver_gives_it_back(
    is_trusted: bool,
) -> None:
    office = Office()
    anna, message = asking(office)
    anna.stop()
    office.run(60)
    anna.start(*((SERVER,) if is_trusted else ()))
    office.run(60)
    [letter] = office.archive
    if not is_trusted:
        anna.hears(letter, direct=True, page=5)  # of a program that shares the node
    kept = anna.store.chat.load_message(message.id)
    assert kept is not None
    assert kept.state is (MessageState.STORED if is_trusted else MessageState.SENT)
