"""Conversations of real clients, played on whole stacks: the families transcript_*.

Each person of the file is a stack. What somebody said is submitted to it, and the envelope that it
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
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.gossip.message_body import decode_body, encode_body
from sottovoce.gossip.seal import SALT_BYTES, EnvelopeRoute, open_data, seal
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.message_id import message_id_text
from sottovoce.payloads.metadata import unwrap
from sottovoce.secure.wire import decode_message
from sottovoce.stack.destinations import Contact, PublicChat
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    EnvelopeOpened,
    MessageSubmitted,
    PeopleChanged,
    TimePassed,
)
from sottovoce.stack.settings import StackSettings
from sottovoce.stack.topics import contact_code, negotiated, negotiated_filter_id, topic_of_name
from sottovoce.sync.wire import decode_payload
from vectors.case import Case
from vectors.families.bundles import moment
from vectors.secure_tables import Rows, bundle_rows, recorded_bundle_rows, rows, session_rows
from vectors.text import unhex
from vectors.transcript_actor import Actor, Draws, derived
from vectors.transcript_layers import check_layers

_NEGOTIATED: Final = "negotiated"


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each step."""
    scene = _Scene(document)
    for number, step in enumerate(document["steps"]):
        yield Case("steps", step["what"], partial(scene.check, number))


class _Scene:
    """All people, played from the first step to the one that is checked."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document: Final = document
        self._data_sync: Final[bool] = document["about"]["data_sync"] != "off"
        self._start()

    def _start(self) -> None:
        self._draws = Draws()
        self._actors: dict[str, Actor] = {}
        self._by_key: dict[PublicKey, Actor] = {}
        self._arrived: dict[str, dict[str, Arrived]] = {}
        self._played = 0

    def _enter(self) -> None:
        now = Moment(0.0, self._document["steps"][0]["envelopes"][0]["expiry"])
        settings = StackSettings(data_sync=self._data_sync, contact_code_first_s=None)
        for name, recorded in self._document["actors"].items():
            self._actors[name] = Actor(recorded, self._draws, settings, now)
            self._arrived[name] = {}
        opened = [
            row for step in self._document["steps"] for row in _rows_of(step) if "layers" in row
        ]
        chats = {row["filter"] for row in opened if _is_public(row)}
        self._by_key = {actor.public: actor for actor in self._actors.values()}
        for name, actor in self._actors.items():
            others = set(self._by_key) - {actor.public}
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
        if not self._actors or number < self._played:
            self._start()
            self._enter()
        while self._played <= number:
            self._play(self._document["steps"][self._played])
            self._played += 1

    def _play(self, step: dict[str, Any]) -> None:
        self._draws.load(
            unhex(drawn["private"] if "private" in drawn else drawn["nonce12"])
            for drawn in step["generated"] or ()
        )
        entries = {entry["hash"]: entry for entry in step["envelopes"]}
        opened: dict[str, list[dict[str, Any]]] = {name: [] for name in entries}
        for row in _rows_of(step):
            if "envelope" in row:
                opened[row["envelope"]].append(row)
        sent: dict[str, Envelope] = {}
        for name, entry in entries.items():
            self._send(entry, opened[name], sent)
            for row in entry["received"] or ():
                if "envelope" in row:
                    self._send(entries[row["envelope"]], opened[row["envelope"]], sent)
                    self._receive(row, sent[row["envelope"]])
                else:
                    self._check_result(row)
        self._draws.load(())
        for name, envelope in sent.items():
            receivers = {who for who, actor in self._actors.items() if actor.open(envelope)}
            assert receivers == {row["receiver"] for row in opened[name]}
        for name, recorded in step["secrets_after"].items():
            _check_store(self._actors[name], recorded)

    # ---- sending

    def _send(
        self, entry: dict[str, Any], opened: list[dict[str, Any]], sent: dict[str, Envelope]
    ) -> None:
        """Let the sender's stack ask for the envelope, unless that was done before."""
        if entry["hash"] in sent:
            return
        sender = self._by_key[_key(opened[0]["signer"])]
        route, payload = self._ask(sender, opened)
        assert payload == unhex(opened[0]["payload"])
        sent[entry["hash"]] = self._check_envelope(entry, route, payload)

    def _ask(self, sender: Actor, opened: list[dict[str, Any]]) -> tuple[EnvelopeRoute, bytes]:
        """Bring the sender to ask for the envelope that was recorded."""
        public = next((row for row in opened if _is_public(row)), None)
        if public is not None:
            now = Moment(0.0, public["timestamp"])
            self._submit(sender, unhex(public["payload"]), PublicChat(public["filter"]), now)
            return sender.take_wish()
        bundle = decode_message(unhex(opened[0]["payload"])).bundles[0]
        now = moment(bundle.timestamp_ns)
        content = next((row for row in opened if "decrypted" in _secrecy(row)), None)
        if content is None:
            name = contact_code(sender.public)
            assert {row["filter"] for row in opened} == {name.text}
            route = EnvelopeRoute(name.topic, derived(name.text), sender.private)
            return route, sender.channel().seal_bundle(now).content
        reader = self._actors[content["receiver"]]
        return self._ask_private(sender, reader, unhex(_secrecy(content)["decrypted"]), now)

    def _ask_private(
        self, sender: Actor, reader: Actor, content: bytes, now: Moment
    ) -> tuple[EnvelopeRoute, bytes]:
        if not content:
            # Deployed clients alone say nothing in an envelope of its own.
            sealed = sender.channel().seal(reader.public, content, now)
            assert sealed.agreed_secret is not None
            name = negotiated(sealed.agreed_secret)
            return EnvelopeRoute(name.topic, derived(name.text), sender.private), sealed.content
        if not self._data_sync:
            self._submit(sender, content, Contact(reader.public), now)
            return sender.take_wish()
        for message in decode_payload(content).messages:
            at = Moment(0.0, message.timestamp_s)
            self._submit(sender, message.body, Contact(reader.public), at)
        sender.tell(TimePassed(), now)
        return sender.take_wish()

    def _submit(
        self, sender: Actor, raw: bytes, destination: PublicChat | Contact, now: Moment
    ) -> None:
        sender.tell(MessageSubmitted(unwrap(raw).message_id, raw, destination), now)

    def _check_envelope(
        self, entry: dict[str, Any], route: EnvelopeRoute, payload: bytes
    ) -> Envelope:
        envelope = decode_envelope(unhex(entry["rlp"]))
        assert envelope.expiry_unix_s == entry["expiry"]
        assert envelope.ttl_s == entry["ttl"]
        assert envelope.topic == route.topic == unhex(entry["topic"])
        assert envelope.data == unhex(entry["data"])
        assert envelope.nonce == int(entry["nonce"])
        assert envelope.hash == unhex(entry["hash"])
        key = route.envelope_key
        private = self._by_key[key].private if isinstance(key, PublicKey) else key
        plaintext = open_data(envelope.data, private)
        padding = decode_body(plaintext).padding
        body = encode_body(payload, padding=padding, signer=route.signer, entropy=Draws())
        assert body == plaintext
        if isinstance(key, SymmetricKey):
            # The Go client mixes its draw with another source: the salt is in the data only.
            self._draws.take(SALT_BYTES)
            unmined = seal(
                payload,
                route,
                ttl_s=envelope.ttl_s,
                now=Moment(0.0, envelope.sent_unix_s),
                entropy=Draws([envelope.data[-SALT_BYTES:]]),
                padding=padding,
            )
            assert unmined.mined(envelope.nonce).raw.hex() == entry["rlp"]
        return envelope

    # ---- receiving

    def _receive(self, row: dict[str, Any], envelope: Envelope) -> None:
        receiver = self._actors[row["receiver"]]
        event = receiver.open(envelope)
        assert event is not None
        self._check_opened(row, event, receiver)
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
            assert fact.author == _key(body["author"])
            assert fact.envelope == envelope.hash
            assert fact.public_chats == ((row["filter"],) if _is_public(row) else ())
            self._arrived[row["receiver"]][body["message_id"]] = fact
        self._check_acknowledged(row, receiver)

    def _check_opened(self, row: dict[str, Any], event: EnvelopeOpened, receiver: Actor) -> None:
        message = event.message
        assert message.payload == unhex(row["payload"])
        assert message.transport_sender == _key(row["signer"])
        assert message.sent_unix_s == row["timestamp"]
        recipient = message.recipient
        assert (recipient.uncompressed.hex() if recipient else "") == row["recipient"]
        if row["kind"] == _NEGOTIATED:
            others = {actor.public for actor in self._actors.values()} - {receiver.public}
            assert row["filter"] in {negotiated_filter_id(other) for other in others}
        else:
            assert topic_of_name(row["filter"]) == message.topic

    def _check_acknowledged(self, row: dict[str, Any], receiver: Actor) -> None:
        """What somebody acknowledges is told, by the ids of what was submitted."""
        layer = row["layers"]["2_datasync"]
        acks = layer["acks"] if isinstance(layer, dict) else None
        told = [fact for fact in receiver.told if isinstance(fact, Acknowledged)]
        assert len(told) == len(acks or ())
        for fact in told:
            assert fact.destination == Contact(_key(row["signer"]))

    def _check_result(self, row: dict[str, Any]) -> None:
        """What the deployed client showed has arrived here, and says the same."""
        for shown in row["client_result"].get("messages") or ():
            fact = self._arrived[row["receiver"]].get(shown["id"])
            assert fact is not None
            assert f"0x{fact.author.uncompressed.hex()}" == shown["from"]
            if isinstance(fact.payload, ChatMessage):
                assert fact.payload.text == shown["text"]
                assert fact.payload.clock == int(shown["clock"])
                assert fact.payload.content_type == shown["content_type"]
                assert fact.payload.message_type == shown["message_type"]
        for shown in row["client_result"].get("contacts") or ():
            assert any(
                isinstance(fact.payload, ContactUpdate)
                and f"0x{fact.author.uncompressed.hex()}" == shown["id"]
                and fact.payload.clock == int(shown["last_updated"])
                and fact.payload.ens_name == shown["name"]
                and fact.payload.profile_image == shown["photo"]
                for fact in self._arrived[row["receiver"]].values()
            )


def _rows_of(step: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for entry in step["envelopes"] for row in entry["received"] or ()]


def _secrecy(row: dict[str, Any]) -> dict[str, Any]:
    layer: dict[str, Any] = row["layers"]["1_protocol_message"]
    return layer


def _is_public(row: dict[str, Any]) -> bool:
    """Tell whether an opened envelope was of a public chat: no layer of secrecy in it."""
    return "decode_error" in _secrecy(row)


def _key(text: str) -> PublicKey:
    return PublicKey(unhex(text)[1:])


def _check_store(actor: Actor, recorded: dict[str, Rows]) -> None:
    ours = bundle_rows(actor.secure, actor.identity, actor.installation_id)
    assert ours == recorded_bundle_rows(recorded["bundles"] or [])
    sessions, agreements, _ = session_rows(actor.secure)
    assert sessions == rows(recorded["sessions"] or [])
    plain = [
        {name: row[name] for name in row if name != "symmetric_key"}
        for row in recorded["ratchet_info_v2"] or []
    ]
    assert agreements == rows(plain)
