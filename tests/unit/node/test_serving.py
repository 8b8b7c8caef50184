"""A node that is a mailserver, and nodes that ask it: the real machines on both sides."""

from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.packets import Packet
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.gossip.sync_packets import SYNC_LIMIT_MAX
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import inputs
from sottovoce.node.effects import AskArchive, HistoryDone, SyncDone
from unit.node.mail_scene import FILTER, FROM_UNIX_S, HEARING, PASSWORD, WANTED, old
from unit.node.pump import PROMPT, Party, Pump, Stranger, key_number, post

SETTINGS = ServerSettings(password_key=PASSWORD)
REQUEST = Packet(126, old(b"no request").raw)


class MailScene:
    """A mailserver and a client that was away while others talked."""

    def __init__(
        self,
        settings: ServerSettings = SETTINGS,
        *,
        client: GossipSettings = PROMPT,
    ) -> None:
        self.pump = Pump()
        self.server = self.pump.add(mail=settings)
        self.client = self.pump.add(gossip=client)
        self.client.command(inputs.InstallFilter(FILTER, HEARING))

    def ask(self, request: int = 1, wanted: HistoryRequest = WANTED) -> HistoryDone:
        mailserver = Mailserver(self.server.enode, PASSWORD)
        self.client.command(inputs.AskHistory(request, mailserver, wanted))
        return self.client.told(HistoryDone)[-1]

    def archive(self, *payloads: bytes, server: Party | None = None) -> None:
        (server or self.server).archive.store([old(payload) for payload in payloads])


def test_what_is_posted_is_archived_and_answered_to_who_was_away() -> None:
    scene = MailScene()
    writer = scene.pump.add()
    scene.pump.connect(writer, scene.server)
    writer.command(post(payload=b"while you were away"))
    writer.command(inputs.ShutDown())
    scene.pump.wait(100.0)
    scene.pump.connect(scene.client, scene.server)
    done = scene.ask(wanted=replace(WANTED, to_unix_s=0))
    assert scene.client.heard() == [b"while you were away"]
    assert done == HistoryDone(1, PageEnd.ANSWERED)
    statistics = scene.server.node.mail_statistics
    assert statistics is not None
    assert (statistics.archived, statistics.envelopes_sent) == (1, 1)


@pytest.mark.parametrize("transport", Transport)
def test_pages_follow_each_other_by_the_cursor_in_every_world(transport: Transport) -> None:
    scene = MailScene(client=replace(PROMPT, transport=transport))
    payloads = [number.to_bytes(4, "big") for number in range(25)]
    scene.archive(*payloads)
    scene.pump.connect(scene.client, scene.server)
    cursor = b""
    for request in range(3):
        cursor = scene.ask(request, replace(WANTED, cursor=cursor)).cursor
    assert sorted(scene.client.heard()) == payloads
    assert cursor == b""


def test_wrong_password_is_refused_with_the_server_s_words() -> None:
    scene = MailScene(ServerSettings(node_key=key_number(77)))
    scene.pump.connect(scene.client, scene.server)
    done = scene.ask()
    assert done.end is PageEnd.REFUSED
    assert done.detail


def test_server_that_leaves_forgets_what_a_peer_asked_for() -> None:
    scene = MailScene()
    scene.pump.connect(scene.client, scene.server)
    scene.client.command(inputs.ShutDown())
    scene.pump.wait(1.0)
    assert scene.server.node.sizes()["links"] == 0
    statistics = scene.server.node.mail_statistics
    assert statistics is not None
    assert statistics.open_requests == 0


def test_archive_is_filled_from_another_one() -> None:
    scene = MailScene()
    other = scene.pump.add(mail=SETTINGS)
    scene.archive(b"one", b"two", server=other)
    scene.server.command(inputs.AddPeer(other.enode, trusted=True))
    scene.server.command(inputs.AskSync(other.node.public_key, FROM_UNIX_S))
    scene.pump.wait(1.0)
    assert scene.server.told(SyncDone) == [SyncDone(other.node.public_key, 2)]
    assert scene.server.archive.size().envelopes == 2


def test_archive_is_not_filled_by_who_is_not_trusted() -> None:
    scene = MailScene()
    other = scene.pump.add(mail=SETTINGS)
    scene.pump.connect(scene.server, other)
    wish = inputs.AskSync(other.node.public_key, FROM_UNIX_S)
    with pytest.raises(LocalProtocolError, match="trusted"):
        scene.server.command(wish)


def test_archive_is_not_filled_over_waku() -> None:
    scene = MailScene()
    other = scene.pump.add(mail=SETTINGS, gossip=replace(PROMPT, transport=Transport.WAKU))
    scene.server.command(inputs.AddPeer(other.enode, trusted=True))
    scene.server.command(inputs.AskSync(other.node.public_key, FROM_UNIX_S))
    (done,) = scene.server.told(SyncDone)
    assert (done.envelopes, done.detail) == (
        0,
        "the mailserver is not connected over Whisper, which alone can fill an archive",
    )


def test_filling_goes_on_when_a_lost_connection_is_back() -> None:
    scene = MailScene()
    other = scene.pump.add(mail=SETTINGS)
    payloads = [number.to_bytes(4, "big") for number in range(SYNC_LIMIT_MAX + 1)]
    scene.archive(*payloads, server=other)
    scene.server.command(inputs.AddPeer(other.enode, trusted=True))
    scene.pump.answers_archive = False  # The other one is about to look for the first page,
    scene.server.command(inputs.AskSync(other.node.public_key, FROM_UNIX_S))
    other.command(inputs.RemovePeer(scene.server.node.public_key))  # when the line breaks.
    scene.pump.answers_archive = True
    assert scene.server.told(SyncDone) == []
    scene.pump.wait(2.0)
    assert scene.server.told(SyncDone) == [SyncDone(other.node.public_key, len(payloads))]
    scene.pump.wait(2.0)
    assert scene.server.archive.size().envelopes == len(payloads)


def test_filling_that_was_asked_for_before_the_connection_begins_with_it() -> None:
    scene = MailScene()
    other = scene.pump.add(mail=SETTINGS)
    scene.archive(b"one", server=other)
    scene.server.command(inputs.TrustPeer(other.node.public_key, trusted=True))
    scene.server.command(inputs.AskSync(other.node.public_key, FROM_UNIX_S))
    scene.pump.connect(other, scene.server)
    assert scene.server.told(SyncDone) == [SyncDone(other.node.public_key, 1)]


def test_filling_ends_when_its_owner_disconnects_the_mailserver() -> None:
    scene = MailScene()
    other = scene.pump.add(mail=SETTINGS)
    scene.server.command(inputs.TrustPeer(other.node.public_key, trusted=True))
    scene.server.command(inputs.AskSync(other.node.public_key, FROM_UNIX_S))
    scene.server.command(inputs.RemovePeer(other.node.public_key))
    (done,) = scene.server.told(SyncDone)
    assert "owner" in done.detail


def test_relaying_waits_for_no_archive() -> None:
    # The archive never answers: what is wished for is an effect, and the envelope goes on at once.
    scene = MailScene()
    scene.pump.connect(scene.client, scene.server)
    writer = scene.pump.add()
    scene.pump.connect(writer, scene.server)
    scene.pump.answers_archive = False
    for number in range(20):
        writer.command(post(number, payload=b"%d" % number))
    assert scene.client.heard() == [b"%d" % number for number in range(20)]
    assert len(scene.server.told(AskArchive)) == 1
    statistics = scene.server.node.mail_statistics
    assert statistics is not None
    assert statistics.waiting_envelopes == 20


def test_what_does_not_fit_the_buffer_is_counted() -> None:
    scene = MailScene(replace(SETTINGS, buffer_envelopes_max=5))
    writer = scene.pump.add()
    scene.pump.connect(writer, scene.server)
    scene.pump.answers_archive = False
    for number in range(20):
        writer.command(post(number, payload=b"%d" % number))
    statistics = scene.server.node.mail_statistics
    assert statistics is not None
    assert (statistics.waiting_envelopes, statistics.dropped) == (5, 15)
    assert scene.server.node.archive_trouble


def test_flood_of_requests_ends_the_connection_and_the_server_goes_on() -> None:
    scene = MailScene()
    flooder = Stranger(scene.pump, scene.server, key_number(9)).greet()
    flooder.send(*[REQUEST] * 6000)
    assert not flooder.is_open()
    scene.archive(b"one")
    scene.pump.connect(scene.client, scene.server)
    assert scene.ask().end is PageEnd.ANSWERED
