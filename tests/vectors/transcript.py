"""Conversations of real clients, played on whole stacks: the families transcript_*.

Each device of the file is a stack. What somebody said is submitted to it, and the envelope that it
asks for must be the recorded one; every recorded envelope is opened by the filters of those who
opened it then, decoded layer by layer, and handled. After each step every store is compared.

An asymmetric envelope cannot be sealed again, for its one-time key was not recorded; its plaintext
is. What a deployed client says that we do not (the empty payload after an acknowledgement) and what
has a time of its own (the contact code) is sealed by the layer of secrecy alone.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.payloads.message_id import message_id_text
from sottovoce.payloads.metadata import unwrap
from sottovoce.secure.message import ANY_DEVICE
from sottovoce.stack.destinations import (
    Contact,
    Destination,
    EveryOwnDevice,
    OwnDevices,
    PublicChat,
)
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    DeviceEnabled,
    EnvelopeOpened,
    MessageSubmitted,
    PeopleChanged,
    TimePassed,
)
from sottovoce.stack.settings import StackSettings
from sottovoce.stack.topics import (
    contact_code,
    negotiated,
    negotiated_filter_id,
    partitioned,
    topic_of_name,
)
from sottovoce.sync.message_id import message_id as sync_id
from sottovoce.sync.wire import decode_payload
from vectors.case import Case
from vectors.families.bundles import moment
from vectors.map_order import in_map_order
from vectors.secret_book import SecretBook
from vectors.secure_tables import Rows, bundle_rows, recorded_bundle_rows, rows, session_rows
from vectors.text import unhex
from vectors.transcript_actor import Actor, derived
from vectors.transcript_draws import Shares, owners_of_keys, share
from vectors.transcript_layers import check_envelope, check_layers
from vectors.transcript_posted import (
    Posted,
    Row,
    fetched_in,
    is_public,
    posted_in,
    read_key,
    secrecy_of,
)

_NEGOTIATED: Final = "negotiated"


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each step."""
    scene = _Scene(document)
    for number, step in enumerate(document["steps"]):
        yield Case("steps", step["what"], partial(scene.check, number))


class _Scene:
    """All devices, played from the first step to the one that is checked."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document: Final = document
        self._data_sync: Final[bool] = document["about"]["data_sync"] != "off"
        self._steps: list[list[Posted]] = []
        self._owners: dict[str, str] = {}
        self._start()

    def _start(self) -> None:
        self._actors: dict[str, Actor] = {}
        self._secrets = SecretBook()
        self._shares = Shares({}, {})
        self._waiting: list[Posted] = []
        self._sent: dict[str, Envelope] = {}
        self._played = 0
        self._is_whole = False

    def _enter(self) -> None:
        now = Moment(0.0, self._document["steps"][0]["envelopes"][0]["expiry"])
        settings = StackSettings(data_sync=self._data_sync, contact_code_first_s=None)
        self._steps = [posted_in(step) for step in self._document["steps"]]
        self._owners = owners_of_keys(self._document)
        for name, recorded in self._document["actors"].items():
            self._actors[name] = Actor(recorded, settings, now)
        opened = [row for posted in self._steps for one in posted for row in one.rows]
        chats = {row["filter"] for row in opened if is_public(row)}
        for name, actor in self._actors.items():
            others = {other.public for other in self._actors.values()} - {actor.public}
            read = {row["filter"] for row in opened if row["receiver"] == name}
            followed = {other for other in others if contact_code(other).text in read}
            actor.tell(
                PeopleChanged(
                    frozenset(chats), frozenset(followed), frozenset(others), frozenset()
                ),
                now,
            )

    def check(self, number: int) -> None:
        """The step, and all before it, go as recorded."""
        if not self._is_whole or number < self._played:
            self._start()
            self._enter()
        # After a failure everything is played anew, so that each step fails for its own reason.
        self._is_whole = False
        while self._played <= number:
            self._play(self._played)
            self._played += 1
        self._is_whole = True

    def _play(self, number: int) -> None:
        step = self._document["steps"][number]
        self._decide(number)
        self._waiting = list(self._steps[number])
        self._shares = share(step, self._waiting, self._owners)
        self._secrets.note_drawn(step["generated"] or [])
        for actor in self._actors.values():
            actor.draws.load(self._shares.opening.get(actor.installation_id, []))
        for fetched in fetched_in(step):
            self._fetch(fetched)
        assert not self._waiting
        for name, actor in self._actors.items():
            actor.draws.load(())
            self._check_store(actor, step["secrets_after"][name])
        acting = self._actors[step["by"]]
        acting.screen.check_own(step.get("local_message_ids"))

    def _decide(self, number: int) -> None:
        """Let everybody enable and disable devices of their own, as their next bundle shows it."""
        for actor in self._actors.values():
            following = (
                posted
                for step in self._steps[number:]
                for posted in step
                if self._sender(posted) is actor and posted.message is not None
            )
            posted = next(following, None)
            if posted is None or posted.message is None:
                continue
            for name, known in actor.other_devices().items():
                on = name in posted.message.bundles[0].prekeys
                if on != known.enabled:
                    now = moment(posted.sent_unix_ns)
                    actor.tell(DeviceEnabled(name, on), now)

    def _fetch(self, fetched: list[Row]) -> None:
        """Let one client open what it has, all of which was sent before."""
        hashes = {row["envelope"] for row in fetched if "envelope" in row}
        while any(posted.entry["hash"] in hashes for posted in self._waiting):
            self._send(self._waiting.pop(0))
        for row in fetched:
            actor = self._actors[row["receiver"]]
            if "envelope" in row:
                self._receive(row, self._sent[row["envelope"]])
            else:
                actor.screen.check_told(row["client_result"], actor.other_devices())

    # ---- sending

    def _sender(self, posted: Posted) -> Actor:
        return next(
            actor
            for actor in self._actors.values()
            if actor.public == posted.signer
            and (posted.message is None or actor.installation_id == posted.message.installation_id)
        )

    def _send(self, posted: Posted) -> None:
        """Let the sender's stack ask for the envelope."""
        sender = self._sender(posted)
        left = len(sender.draws)
        sender.draws.put_first(self._shares.sealing[posted.entry["hash"]])
        if posted.message is not None:
            self._secrets.note_sealed(posted.message)
        route, asked = self._ask(sender, posted)
        assert len(sender.draws) == left
        payload = unhex(posted.rows[0]["payload"])
        assert asked == (payload if posted.message is None else in_map_order(payload))
        key = route.envelope_key
        opens = self._private_of(key) if isinstance(key, PublicKey) else key
        envelope = check_envelope(posted.entry, route, opens, payload)
        receivers = {name for name, actor in self._actors.items() if actor.open(envelope)}
        assert receivers == {row["receiver"] for row in posted.rows}
        self._sent[posted.entry["hash"]] = envelope

    def _ask(self, sender: Actor, posted: Posted) -> tuple[EnvelopeRoute, bytes]:
        """Bring the sender to ask for the envelope that was recorded."""
        if posted.message is None:
            row = posted.rows[0]
            now = Moment(0.0, row["timestamp"])
            self._submit(sender, unhex(row["payload"]), PublicChat(row["filter"]), now)
            return sender.take_wish()
        now = moment(posted.sent_unix_ns)
        if not posted.message.direct:
            name = contact_code(sender.public)
            assert {row["filter"] for row in posted.rows} == {name.text}
            route = EnvelopeRoute(name.topic, derived(name.text), sender.private)
            return route, sender.channel().seal_bundle(now).content
        read = next(row for row in posted.rows if "decrypted" in secrecy_of(row))
        content = unhex(secrecy_of(read)["decrypted"])
        reader = self._actors[read["receiver"]].public
        if not content:
            # Deployed clients alone say nothing in an envelope of its own.
            sealed = sender.channel().seal(reader, content, now)
            if sealed.agreed_secret is None:
                topic = partitioned(reader).topic
                return EnvelopeRoute(topic, reader, sender.private), sealed.content
            name = negotiated(sealed.agreed_secret)
            return EnvelopeRoute(name.topic, derived(name.text), sender.private), sealed.content
        destination: Destination = Contact(reader)
        if reader == sender.public:
            destination = EveryOwnDevice() if ANY_DEVICE in posted.message.direct else OwnDevices()
        return self._ask_private(sender, destination, content, now)

    def _ask_private(
        self, sender: Actor, destination: Destination, content: bytes, now: Moment
    ) -> tuple[EnvelopeRoute, bytes]:
        if not self._data_sync or isinstance(destination, EveryOwnDevice):
            self._submit(sender, content, destination, now)
            return sender.take_wish()
        for message in decode_payload(content).messages:
            at = Moment(0.0, message.timestamp_s)
            self._submit(sender, message.body, destination, at)
            id = unwrap(message.body).message_id
            sender.unacknowledged[sync_id(message)] = Acknowledged(id, destination)
        sender.tell(TimePassed(), now)
        return sender.take_wish()

    def _submit(self, sender: Actor, raw: bytes, destination: Destination, now: Moment) -> None:
        sent = unwrap(raw)
        sender.screen.note_sent(sent, now.unix_whole_s)
        sender.tell(MessageSubmitted(sent.message_id, raw, destination), now)

    # ---- receiving

    def _receive(self, row: Row, envelope: Envelope) -> None:
        receiver = self._actors[row["receiver"]]
        event = receiver.open(envelope)
        assert event is not None
        self._check_opened(row, event)
        now = Moment(0.0, row["timestamp"])
        authors = {actor.public: actor.private for actor in self._actors.values()}
        check_layers(row, receiver.trial(), authors, now)
        receiver.told.clear()
        receiver.tell(event, now)
        known = [body for body in row["layers"]["3_application_metadata"] or () if body["type"]]
        arrived = [fact for fact in receiver.told if isinstance(fact, Arrived)]
        assert [message_id_text(fact.message_id) for fact in arrived] == [
            body["message_id"] for body in known
        ]
        for fact, body in zip(arrived, known, strict=True):
            assert fact.author == read_key(body["author"])
            assert fact.envelope == envelope.hash
            assert fact.public_chats == ((row["filter"],) if is_public(row) else ())
            receiver.screen.note_arrived(fact, row["timestamp"])
        self._check_acknowledged(row, receiver)

    def _check_opened(self, row: Row, event: EnvelopeOpened) -> None:
        message = event.message
        assert message.payload == unhex(row["payload"])
        assert message.transport_sender == read_key(row["signer"])
        assert message.sent_unix_s == row["timestamp"]
        recipient = message.recipient
        assert (recipient.uncompressed.hex() if recipient else "") == row["recipient"]
        assert row["one_to_one"] == (secrecy_of(row).get("direct_message") is not None)
        if row["kind"] == _NEGOTIATED:
            people = {actor.public for actor in self._actors.values()}
            assert row["filter"] in {negotiated_filter_id(person) for person in people}
        else:
            assert row["kind"] == ""
            assert topic_of_name(row["filter"]) == message.topic

    def _check_acknowledged(self, row: Row, receiver: Actor) -> None:
        """What somebody acknowledges first is told, to the device that submitted it."""
        layer = row["layers"]["2_datasync"]
        ids = [unhex(ack) for ack in layer["acks"] or ()] if isinstance(layer, dict) else []
        waiting = receiver.unacknowledged
        expected = [waiting.pop(id) for id in ids if id in waiting]
        assert [fact for fact in receiver.told if isinstance(fact, Acknowledged)] == expected

    def _private_of(self, key: PublicKey) -> PrivateKey:
        return next(actor.private for actor in self._actors.values() if actor.public == key)

    def _check_store(self, actor: Actor, recorded: dict[str, Rows]) -> None:
        ours = bundle_rows(actor.secure, actor.identity, actor.installation_id)
        assert ours == recorded_bundle_rows(recorded["bundles"] or [])
        sessions, agreements, _ = session_rows(actor.secure)
        assert sessions == rows(recorded["sessions"] or [])
        plain = [
            {name: row[name] for name in row if name != "symmetric_key"}
            for row in recorded["ratchet_info_v2"] or []
        ]
        assert agreements == rows(plain)
        self._secrets.check(
            actor.private, actor.installation_id, actor.secure, recorded["ratchet_info_v2"] or []
        )
