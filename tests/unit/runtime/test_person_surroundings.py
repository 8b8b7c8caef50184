from sottovoce.base.quantities import EnvelopeHash
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.mail.client_events import (
    FetchAsked,
    FetchDone,
    OnlineChanged,
    PageEnd,
    ServersChanged,
)
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest
from sottovoce.node import effects, inputs
from sottovoce.node.budget import Budget, refusal_of
from sottovoce.node.person import PERSON_NUMBERS, PERSON_NUMBERS_FROM
from sottovoce.runtime.person_surroundings import PersonSurroundings
from sottovoce.stack.events import PeersChanged
from unit.node.pump import key_number
from unit.runtime.test_person_lane import message

FIRST = PERSON_NUMBERS_FROM
ONE, OTHER = (secp256k1.public_key(key_number(number)) for number in (1, 2))
SERVER = Mailserver(Enode(ONE, "192.0.2.7", 30303, 30303), None)
TRUSTED = ServersChanged((SERVER,))
WANTED = HistoryRequest(1, 2, bytes(64))
HASH = EnvelopeHash(bytes(32))


def connected(key: object) -> effects.PeerConnected:
    assert key in (ONE, OTHER)
    return effects.PeerConnected(ONE if key == ONE else OTHER, "geth", "192.0.2.7", inbound=False)


def asking(*pages: int) -> PersonSurroundings:
    around = PersonSurroundings(FIRST)
    for page in pages:
        around.let_out(inputs.AskHistory(FIRST + page, SERVER, WANTED))
    return around


def done(page: int, end: PageEnd = PageEnd.ANSWERED) -> effects.HistoryDone:
    return effects.HistoryDone(FIRST + page, end, b"cursor")


def test_only_mailservers_are_told_of_by_name_and_every_peer_is_counted() -> None:
    around = PersonSurroundings(FIRST)
    assert around.inputs_of(connected(OTHER)) == [PeersChanged(1)]
    assert around.owner_said(TRUSTED) == [TRUSTED]
    assert around.inputs_of(connected(ONE)) == [PeersChanged(2), connected(ONE)]
    gone = effects.PeerDisconnected(ONE, "bye")
    assert around.inputs_of(gone) == [PeersChanged(1), gone]
    failed = effects.PeerUnreachable(ONE, "nobody", 1.0)
    assert around.inputs_of(failed) == [failed]
    assert around.inputs_of(effects.PeerUnreachable(OTHER, "nobody", 1.0)) == []


def test_mailserver_that_is_connected_already_is_told_of_when_it_is_trusted() -> None:
    around = PersonSurroundings(FIRST)
    around.inputs_of(connected(ONE))
    assert around.owner_said(TRUSTED) == [TRUSTED, connected(ONE)]


def test_only_confirmations_of_mailservers_matter() -> None:
    around = PersonSurroundings(FIRST)
    around.owner_said(TRUSTED)
    one, other = (effects.ConfirmedByPeer(key, HASH, (), (HASH,)) for key in (ONE, OTHER))
    assert [around.inputs_of(fact) for fact in (one, other)] == [[one], []]


def test_mailservers_are_left_alone_while_a_budget_is_used_up_and_asked_afterwards() -> None:
    around = PersonSurroundings(FIRST)
    used_up, free = (
        effects.BudgetChanged(Budget(1, 1, is_bound=is_bound, resumes_unix_s=0))
        for is_bound in (True, False)
    )
    may, may_not = OnlineChanged(online=True), OnlineChanged(online=False)
    why_not = OnlineChanged(online=False, detail=refusal_of(used_up.budget))
    assert around.inputs_of(free) == []
    assert around.inputs_of(used_up) == [why_not]
    assert why_not in around.for_new_person()
    assert around.inputs_of(free) == [may]
    # The windows of a duty cycle go on meanwhile.
    assert around.inputs_of(used_up) == [why_not]
    assert [around.owner_said(each) for each in (may, may_not)] == [[], []]
    assert why_not in around.for_new_person()
    assert around.inputs_of(free) == [may_not]
    assert around.owner_said(may) == [may]


def test_person_made_anew_hears_what_the_last_one_knew() -> None:
    around = PersonSurroundings(FIRST)
    around.inputs_of(connected(ONE))
    around.owner_said(TRUSTED)
    around.owner_said(OnlineChanged(online=False))
    around.handled([FetchAsked(7), FetchAsked(8), PeersChanged(1)])
    around.let_out(FetchDone(7, complete=True, envelopes=0, new=0))
    around.let_out(FetchDone(None, complete=True, envelopes=0, new=0))
    assert around.for_new_person() == [
        PeersChanged(1),
        TRUSTED,
        connected(ONE),
        OnlineChanged(online=False),
        FetchAsked(8),
    ]


def test_page_ends_as_the_node_says_and_is_then_forgotten() -> None:
    around = asking(1)
    arriving = effects.HistoryArriving(FIRST + 1, 1, 1, 10)
    assert around.inputs_of(arriving) == [arriving]
    assert around.inputs_of(done(1)) == [done(1)]
    assert around.inputs_of(done(1)) == around.inputs_of(arriving) == []


def test_every_page_that_was_open_when_a_message_found_no_place_is_lost() -> None:
    around = asking(1, 2)
    lost_one = effects.MessageArrived((FIRST,), message().message, direct=True)
    assert around.dropped(lost_one) == [inputs.MessageDropped(message().message.hash)]
    around.let_out(inputs.AskHistory(FIRST + 3, SERVER, WANTED))
    lost = effects.HistoryDone(FIRST + 1, PageEnd.LOST, detail=PageEnd.LOST.value)
    assert around.inputs_of(done(1)) == [lost]
    assert around.inputs_of(done(2, PageEnd.DISCONNECTED)) == [done(2, PageEnd.DISCONNECTED)]
    assert around.inputs_of(done(3)) == [done(3)]


def test_live_message_that_found_no_place_says_nothing_of_pages() -> None:
    around = asking(1)
    assert around.dropped(message()) == [inputs.MessageDropped(message().message.hash)]
    assert around.dropped(PeersChanged(1)) == []
    assert around.inputs_of(done(1)) == [done(1)]


def test_pages_of_a_person_that_is_no_more_are_cancelled() -> None:
    around = asking(1, 2)
    around.let_out(inputs.CancelHistory(FIRST + 2))
    assert around.end_life() == [inputs.CancelHistory(FIRST + 1)]
    assert around.inputs_of(done(1)) == []
    assert around.end_life() == []


def test_mailserver_that_is_trusted_no_more_is_let_go_of_whoever_wanted_it() -> None:
    around = PersonSurroundings(FIRST)
    around.owner_said(TRUSTED)
    around.let_out(inputs.AddPeer(SERVER.enode))
    assert around.unwanted_links() == []
    around.owner_said(ServersChanged(()))
    [wish] = around.unwanted_links()
    assert wish == inputs.RemovePeer(ONE)
    around.let_out(wish)
    assert around.unwanted_links() == []


def test_facts_of_others_are_no_concern() -> None:
    around = asking(1)
    other = FIRST + PERSON_NUMBERS
    assert around.inputs_of(effects.PostFailed(other, "no")) == []
    assert around.inputs_of(effects.MessageArrived((other,), message().message, direct=True)) == []
    assert around.inputs_of(effects.SyncDone(ONE, 1)) == []
    sent = effects.SentToPeer(ONE, ())
    assert around.inputs_of(sent) == [sent]
