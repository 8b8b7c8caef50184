"""RLPx: ECIES, handshakes, frames, the first packets, and the offsets of subprotocols."""

import hashlib
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability
from sottovoce.base.secret import PrivateKey
from sottovoce.codec import rlp, snappy
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto import ecies, secp256k1
from sottovoce.devp2p import secrets
from sottovoce.devp2p.base_protocol import BaseCode, decode_disconnect, decode_hello
from sottovoce.devp2p.capabilities import match_capabilities, sort_capabilities
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.events import (
    Admitted,
    BytesReceived,
    BytesToSend,
    ConnectionEnded,
    ConnectionOutput,
    DisconnectReason,
    PeerIdentified,
    Role,
    StreamEnded,
    StreamOpened,
)
from sottovoce.devp2p.frames import FrameReader, FrameWriter
from sottovoce.devp2p.handshake import (
    HandshakeDone,
    InitiatorHandshake,
    RecipientHandshake,
    recover_ephemeral,
)
from sottovoce.devp2p.handshake_packets import (
    LEGACY_ACK_BYTES,
    LEGACY_AUTH_BYTES,
    PADDING_BYTES_MIN,
    PADDING_DRAW_BYTES,
    OpenedPacket,
    PacketForm,
    PacketReader,
    decode_ack,
    decode_auth,
    encode_ack,
    encode_auth,
    seal_padded,
)
from sottovoce.devp2p.secrets import FrameSecrets
from sottovoce.devp2p.settings import ConnectionSettings
from vectors.case import Case
from vectors.scripted_entropy import ScriptedEntropy, SeededEntropy
from vectors.text import unhex

_NOW: Final = Moment(0.0, 0.0)
_SETTINGS: Final = ConnectionSettings("vectors", (Capability("shh", 6, 128),))
_REPRODUCIBLE_STYLES: Final = {"eip8": PacketForm.EIP8, "legacy": PacketForm.LEGACY}
_DERIVED_FROM: Final = re.compile(r"auth (\d+) and ack (\d+)")
_LEAST_ITEMS: Final = {"auth": 4, "ack": 3}
_LEGACY_BYTES: Final = {"auth": LEGACY_AUTH_BYTES, "ack": LEGACY_ACK_BYTES}
_HELLO_ITEMS: Final = 5


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Give every case of the file; the messages of frames are steps of conversations."""
    handshakes = {entry["name"]: entry for entry in document.get("handshakes", [])}
    for entry in document.get("ecies", []):
        name = f"{len(unhex(entry['plaintext']))}-bytes"
        yield Case("ecies", name, partial(_check_ecies, entry))
    for entry in document.get("handshakes", []):
        yield Case("handshakes", entry["name"], partial(_check_handshake, entry))
    yield from _published_cases(document)
    for entry in document.get("bad_handshakes", []):
        yield Case("bad_handshakes", entry["name"], partial(_check_bad_handshake, entry))
    for entry in document.get("frames", []):
        yield from _frame_cases(entry, handshakes[entry["handshake"]])
    for entry in document.get("bad_frames", []):
        check = partial(_check_bad_frame, entry, handshakes[entry["handshake"]])
        yield Case("bad_frames", entry["name"], check)
    for entry in document.get("hello", []):
        yield Case("hello", entry["name"], partial(_check_first_packet, entry))
    for entry in document.get("capability_matching", []):
        yield Case("capability_matching", entry["name"], partial(_check_matching, entry))


# ---- ECIES


def _check_ecies(entry: dict[str, Any]) -> None:
    recipient = _private(entry["recipient_private"])
    ephemeral = _private(entry["ephemeral_private"])
    plaintext = unhex(entry["plaintext"])
    authdata = unhex(entry["authdata"])
    message = unhex(entry["message"])
    public = secp256k1.public_key(recipient)
    assert secp256k1.shared_x(ephemeral, public).hex() == entry["ecdh_x"]
    encryption_key, mac_key = ecies._keys(ephemeral, public)
    assert encryption_key.hex() == entry["enc_key"]
    assert mac_key.hex() == entry["mac_key"]
    entropy = ScriptedEntropy([ephemeral.raw, unhex(entry["iv"])])
    assert ecies.encrypt(public, plaintext, entropy=entropy, authdata=authdata) == message
    assert entropy.is_used_up
    assert ecies.decrypt(recipient, message, authdata=authdata) == plaintext


# ---- handshakes


def _check_handshake(entry: dict[str, Any]) -> None:
    _check_keys(entry)
    auth = _open("auth", entry["recipient_static_private"], entry["auth"]["packet"])
    ack = _open("ack", entry["initiator_static_private"], entry["ack"]["packet"])
    _check_opened(auth, entry["auth"])
    _check_opened(ack, entry["ack"])
    _check_said(entry, auth, ack)
    _check_sealed(entry)
    form = _REPRODUCIBLE_STYLES.get(entry["style"])
    assert auth.form is ack.form is (form or PacketForm.EIP8)
    if form is not None:
        _check_reproduced(entry, form)
    for role in Role:
        wanted = entry[f"{role.value}_secrets"]
        _check_secrets(_derived(entry, role), wanted)
        assert _shared_secret(entry) == wanted["shared_secret"]
        assert _ephemeral_shared(entry, role).hex() == wanted["ephemeral_shared"]


def _check_keys(entry: dict[str, Any]) -> None:
    for name in ("initiator_static", "initiator_ephemeral", "recipient_static"):
        assert _public_hex(entry[f"{name}_private"]) == entry[f"{name}_public"]
    assert _public_hex(entry["recipient_ephemeral_private"]) == entry["recipient_ephemeral_public"]
    initiator = _private(entry["initiator_static_private"])
    recipient = _private(entry["recipient_static_private"])
    for private, other in ((initiator, recipient), (recipient, initiator)):
        shared = secp256k1.shared_x(private, secp256k1.public_key(other))
        assert shared.hex() == entry["static_shared"]


def _check_opened(opened: OpenedPacket, entry: dict[str, Any]) -> None:
    assert opened.raw.hex() == entry["packet"]
    assert opened.plaintext.hex() == entry["plaintext"]
    if opened.form is PacketForm.EIP8:
        _, rlp_length = rlp.decode_prefix(opened.plaintext)
        assert rlp_length == entry["rlp_length"]
        assert len(opened.plaintext) - rlp_length == entry["padding_length"]


def _check_said(entry: dict[str, Any], opened_auth: OpenedPacket, opened_ack: OpenedPacket) -> None:
    auth = decode_auth(opened_auth.plaintext, opened_auth.form)
    assert auth.signature.hex() == entry["auth_signature"]
    assert auth.initiator.raw.hex() == entry["initiator_static_public"]
    assert auth.nonce.hex() == entry["initiator_nonce"]
    ephemeral = recover_ephemeral(_private(entry["recipient_static_private"]), auth)
    assert ephemeral.raw.hex() == entry["initiator_ephemeral_public"]
    ack = decode_ack(opened_ack.plaintext, opened_ack.form)
    assert ack.ephemeral.raw.hex() == entry["recipient_ephemeral_public"]
    assert ack.nonce.hex() == entry["recipient_nonce"]
    if entry["style"] in _REPRODUCIBLE_STYLES:
        auth_body = encode_auth(auth, ephemeral=ephemeral, form=opened_auth.form)
        assert opened_auth.plaintext.startswith(auth_body)
        assert opened_ack.plaintext.startswith(encode_ack(ack, opened_ack.form))


def _check_sealed(entry: dict[str, Any]) -> None:
    """Seal the given bodies with the given randomness, padding and all."""
    for kind, to in (("auth", "recipient"), ("ack", "initiator")):
        packet = entry[kind]
        recipient = secp256k1.public_key(_private(entry[f"{to}_static_private"]))
        entropy = ScriptedEntropy(_ecies_draws(packet))
        plaintext = unhex(packet["plaintext"])
        if _REPRODUCIBLE_STYLES.get(entry["style"]) is PacketForm.LEGACY:
            sealed = ecies.encrypt(recipient, plaintext, entropy=entropy)
        else:
            sealed = seal_padded(recipient, plaintext, entropy=entropy)
        assert sealed.hex() == packet["packet"]


def _check_reproduced(entry: dict[str, Any], form: PacketForm) -> None:
    """Run the real handshake of both sides with the recorded randomness."""
    initiator_entropy = ScriptedEntropy(_draws(entry, "initiator", entry["auth"], form))
    recipient_entropy = ScriptedEntropy(_draws(entry, "recipient", entry["ack"], form))
    initiator_key = _private(entry["initiator_static_private"])
    recipient_key = _private(entry["recipient_static_private"])
    initiator = InitiatorHandshake(
        initiator_key,
        secp256k1.public_key(recipient_key),
        entropy=initiator_entropy,
        form=form,
    )
    assert initiator.auth_packet.hex() == entry["auth"]["packet"]
    recipient = RecipientHandshake(recipient_key, entropy=recipient_entropy)
    recipient_done = _done(recipient, initiator.auth_packet)
    assert recipient_done.reply.hex() == entry["ack"]["packet"]
    assert recipient_done.remote.raw.hex() == entry["initiator_static_public"]
    initiator_done = _done(initiator, recipient_done.reply)
    assert initiator_done.remote.raw.hex() == entry["recipient_static_public"]
    assert initiator_entropy.is_used_up
    assert recipient_entropy.is_used_up
    _check_secrets(initiator_done.secrets, entry["initiator_secrets"])
    _check_secrets(recipient_done.secrets, entry["recipient_secrets"])


def _draws(
    entry: dict[str, Any], side: str, packet: dict[str, Any], form: PacketForm
) -> list[bytes]:
    draws = [unhex(entry[f"{side}_ephemeral_private"]), unhex(entry[f"{side}_nonce"])]
    if form is PacketForm.EIP8:
        over_minimum = packet["padding_length"] - PADDING_BYTES_MIN
        draws.append(over_minimum.to_bytes(PADDING_DRAW_BYTES, "big"))
    return draws + _ecies_draws(packet)


def _ecies_draws(packet: dict[str, Any]) -> list[bytes]:
    return [unhex(packet["ecies_ephemeral_private"]), unhex(packet["ecies_iv"])]


def _done(handshake: InitiatorHandshake | RecipientHandshake, packet: bytes) -> HandshakeDone:
    queue = ByteQueue()
    queue.append(packet)
    done = handshake.advance(queue)
    assert done is not None
    assert len(queue) == 0
    return done


def _ephemeral_shared(entry: dict[str, Any], role: Role) -> bytes:
    initiator = _private(entry["initiator_ephemeral_private"])
    recipient = _private(entry["recipient_ephemeral_private"])
    if role is Role.INITIATOR:
        return secp256k1.shared_x(initiator, secp256k1.public_key(recipient))
    return secp256k1.shared_x(recipient, secp256k1.public_key(initiator))


def _shared_secret(entry: dict[str, Any]) -> str:
    return secrets.shared_secret(
        ephemeral_shared=_ephemeral_shared(entry, Role.INITIATOR),
        initiator_nonce=unhex(entry["initiator_nonce"]),
        recipient_nonce=unhex(entry["recipient_nonce"]),
    ).hex()


def _derived(entry: dict[str, Any], role: Role) -> FrameSecrets:
    return secrets.derive(
        role,
        ephemeral_shared=_ephemeral_shared(entry, role),
        initiator_nonce=unhex(entry["initiator_nonce"]),
        recipient_nonce=unhex(entry["recipient_nonce"]),
        auth_packet=unhex(entry["auth"]["packet"]),
        ack_packet=unhex(entry["ack"]["packet"]),
    )


def _check_secrets(derived: FrameSecrets, wanted: dict[str, Any]) -> None:
    assert derived.aes_secret.hex() == wanted["aes_secret"]
    assert derived.mac_secret.hex() == wanted["mac_secret"]
    assert derived.egress_mac.digest().hex() == wanted["egress_mac_digest"]
    assert derived.ingress_mac.digest().hex() == wanted["ingress_mac_digest"]


# ---- the packets that EIP-8 publishes


def _published_cases(document: dict[str, Any]) -> Iterator[Case]:
    keys = document.get("published_eip8_keys", {})
    entries = document.get("published_eip8", [])
    named = _DERIVED_FROM.search(keys.get("derivation_from", ""))
    packets = {(entry["kind"], entry["index"]): entry["packet"] for entry in entries}
    derived_from: dict[str, tuple[str, int]] = {}
    if named is not None:
        derived_from = {"auth": ("auth", int(named[1])), "ack": ("ack", int(named[2]))}
    for entry in entries:
        kind = entry["kind"]
        pair = None
        if derived_from.get(kind) == (kind, entry["index"]):
            pair = (packets[derived_from["auth"]], packets[derived_from["ack"]])
        check = partial(_check_published, entry, keys, pair)
        yield Case("published_eip8", f"{kind}-{entry['index']}", check)


def _check_published(
    entry: dict[str, Any], keys: dict[str, Any], pair: tuple[str, str] | None
) -> None:
    kind = entry["kind"]
    static = keys["recipient_static_private" if kind == "auth" else "initiator_static_private"]
    opened = _open(kind, static, entry["packet"])
    if "plain" in entry:
        assert (opened.form is PacketForm.LEGACY) == entry["plain"]
    if opened.form is PacketForm.EIP8:
        item, _ = rlp.decode_prefix(opened.plaintext)
        items = rlp.as_list(item, kind)
        assert rlp.as_uint(items[_LEAST_ITEMS[kind] - 1], "version") == entry["version"]
        assert len(items) - _LEAST_ITEMS[kind] == entry["extra_elements"]
    if kind == "auth":
        auth = decode_auth(opened.plaintext, opened.form)
        assert auth.initiator.raw.hex() == _public_hex(keys["initiator_static_private"])
        assert auth.nonce.hex() == keys["initiator_nonce"]
        ephemeral = recover_ephemeral(_private(static), auth)
        assert ephemeral.raw.hex() == _public_hex(keys["initiator_ephemeral_private"])
    else:
        ack = decode_ack(opened.plaintext, opened.form)
        assert ack.ephemeral.raw.hex() == _public_hex(keys["recipient_ephemeral_private"])
        assert ack.nonce.hex() == keys["recipient_nonce"]
    if pair is not None:
        _check_published_derivation(keys, *pair)


def _check_published_derivation(keys: dict[str, Any], auth_packet: str, ack_packet: str) -> None:
    packets = {"auth": {"packet": auth_packet}, "ack": {"packet": ack_packet}}
    derived = _derived({**keys, **packets}, Role.RECIPIENT)
    assert derived.aes_secret.hex() == keys["aes_secret"]
    assert derived.mac_secret.hex() == keys["mac_secret"]
    ingress = derived.ingress_mac.copy()
    ingress.update(b"foo")
    assert ingress.digest().hex() == keys["recipient_ingress_mac_digest_after_writing_ascii_foo"]


def _check_bad_handshake(entry: dict[str, Any]) -> None:
    recipient = _recipient(_private(entry["recipient_static_private"]))
    outputs = recipient.handle(BytesReceived(unhex(entry["auth_packet"])), _NOW)
    outputs += recipient.handle(StreamEnded(), _NOW)
    identified = [output for output in outputs if isinstance(output, PeerIdentified)]
    assert bool(identified) == entry["accepted"]
    assert isinstance(outputs[-1], ConnectionEnded)
    if not entry["accepted"]:
        assert not [output for output in outputs if isinstance(output, BytesToSend)]


# ---- frames


class _Direction:
    """Both ends of one direction, twice: with the file's compression and with our own."""

    def __init__(self, writer_secrets: FrameSecrets, reader_secrets: FrameSecrets) -> None:
        self.writer = FrameWriter(writer_secrets)
        self.reader = FrameReader(reader_secrets)
        self.own_writer = FrameWriter(writer_secrets)
        self.own_reader = FrameReader(reader_secrets)


class _Conversation:
    """The messages of one list; steps are made in order, and only once each."""

    def __init__(self, entry: dict[str, Any], handshake: dict[str, Any]) -> None:
        self._messages = entry["messages"]
        self._snappy = entry["snappy"]
        self._handshake = handshake
        self._directions: dict[str, _Direction] = {}
        self._failures: list[Exception | None] = []

    def check(self, index: int) -> None:
        """Make the steps up to this one that were not made yet; raise what this one raised."""
        while len(self._failures) <= index:
            try:
                self._step(self._messages[len(self._failures)])
            except Exception as failure:
                self._failures.append(failure)
            else:
                self._failures.append(None)
        failure = self._failures[index]
        if failure is not None:
            raise failure

    def _step(self, message: dict[str, Any]) -> None:
        if not self._directions:
            self._start()
        direction = self._directions[message["direction"]]
        payload = _payload(message)
        body = payload
        if self._snappy:
            body = _compressed(message, payload)
            assert snappy.decompress(body, len(payload)) == payload
        wire = direction.writer.write(message["code"], body)
        _check_wire(wire, message)
        assert direction.writer.mac.digest().hex() == message["mac_digest_after"]
        assert _read_halves(direction.reader, wire) == (message["code"], payload)
        assert direction.reader.mac.digest().hex() == message["mac_digest_after"]
        own_wire = direction.own_writer.write(message["code"], payload)
        assert _read_halves(direction.own_reader, own_wire) == (message["code"], payload)

    def _start(self) -> None:
        initiator = _derived(self._handshake, Role.INITIATOR)
        recipient = _derived(self._handshake, Role.RECIPIENT)
        self._directions = {
            "i2r": _Direction(initiator, recipient),
            "r2i": _Direction(recipient, initiator),
        }
        for direction in self._directions.values():
            # The file gives what go-ethereum's encoder made, so this writer takes it as it is.
            direction.writer.compressed = False
            direction.reader.compressed = self._snappy
            direction.own_writer.compressed = self._snappy
            direction.own_reader.compressed = self._snappy


def _frame_cases(entry: dict[str, Any], handshake: dict[str, Any]) -> Iterator[Case]:
    conversation = _Conversation(entry, handshake)
    kind = "snappy" if entry["snappy"] else "plain"
    for index, message in enumerate(entry["messages"]):
        name = f"{entry['handshake']}-{kind}-{message['name']}"
        yield Case("frames", name, partial(conversation.check, index))


def _payload(message: dict[str, Any]) -> bytes:
    if "payload" in message:
        payload = unhex(message["payload"])
    else:
        payload = _from_formula(message["payload_formula"], message["payload_length"])
    assert len(payload) == message["payload_length"]
    if "payload_sha256" in message:
        assert hashlib.sha256(payload).hexdigest() == message["payload_sha256"]
    return payload


def _from_formula(formula: dict[str, Any], length: int) -> bytes:
    if "repeat" in formula:
        return bytes(unhex(formula["repeat"]) * formula["times"])
    assert formula["length"] == length
    if "sha256_counter_seed" in formula:
        return _counter_stream(unhex(formula["sha256_counter_seed"]), length)
    seed = unhex(formula["repeat_unit_sha256_counter_seed"])
    unit = _counter_stream(seed, formula["repeat_unit_length"])
    return (unit * (length // len(unit) + 1))[:length]


def _counter_stream(seed: bytes, length: int) -> bytes:
    block_bytes = hashlib.sha256().digest_size
    blocks = (
        hashlib.sha256(seed + counter.to_bytes(4, "big")).digest()
        for counter in range(-(-length // block_bytes))
    )
    return b"".join(blocks)[:length]


def _compressed(message: dict[str, Any], payload: bytes) -> bytes:
    if "compressed" in message:
        compressed = unhex(message["compressed"])
    else:
        size = message["compressed_formula"]["literal_block_size"]
        compressed = _varint(len(payload))
        for start in range(0, len(payload), size):
            block = payload[start : start + size]
            compressed += b"\xf4" + (len(block) - 1).to_bytes(2, "little") + block
    assert len(compressed) == message["compressed_length"]
    assert hashlib.sha256(compressed).hexdigest() == message["compressed_sha256"]
    return compressed


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _check_wire(wire: bytes, message: dict[str, Any]) -> None:
    assert len(wire) == message["wire_length"]
    assert hashlib.sha256(wire).hexdigest() == message["wire_sha256"]
    if "wire" in message:
        assert wire.hex() == message["wire"]
    else:
        assert wire[:48].hex() == message["wire_first_48"]
        assert wire[-16:].hex() == message["wire_last_16"]


def _read_halves(reader: FrameReader, wire: bytes) -> tuple[int, bytes] | None:
    queue = ByteQueue()
    queue.append(wire[: len(wire) // 2])
    assert reader.read(queue) is None
    queue.append(wire[len(wire) // 2 :])
    packet = reader.read(queue)
    assert len(queue) == 0
    return packet


def _check_bad_frame(entry: dict[str, Any], handshake: dict[str, Any]) -> None:
    reader = FrameReader(_derived(handshake, Role(entry["reader"])))
    reader.compressed = entry["snappy"]
    queue = ByteQueue()
    queue.append(unhex(entry["wire"]))
    try:
        packet = reader.read(queue)
    except RemoteProtocolError:
        packet = None
    assert (packet is not None) == entry["accepted"]


# ---- first packets


def _check_first_packet(entry: dict[str, Any]) -> None:
    payload = unhex(entry["payload"])
    assert len(payload) == entry["payload_length"]
    outputs = _answer_to_first_packet(entry["code"], payload)
    ended = outputs[-1]
    assert isinstance(ended, ConnectionEnded)
    if entry["accepted"]:
        # The file's keys are not those of our handshake: a Hello that is taken as one fails only
        # the comparison that comes after.
        assert ended.reason is DisconnectReason.UNEXPECTED_IDENTITY
        _check_hello(payload, entry["decoded"])
        return
    assert ended.by_remote == (entry["code"] == BaseCode.DISCONNECT)
    if entry["code"] == BaseCode.DISCONNECT:
        _check_disconnect(payload, entry["reason"], ended)
    else:
        assert ended.reason == entry.get("reason")
        with pytest.raises(RemoteProtocolError):
            decode_hello(payload)


def _check_disconnect(payload: bytes, reason: int, ended: ConnectionEnded) -> None:
    if payload and payload[0] < 0xC0:
        # docs/spec-deviations.md, "Disconnect": go-ethereum 1.9.6 takes a bare integer for
        # "requested"; like its successors we read the number.
        assert reason == DisconnectReason.REQUESTED
        reason = rlp.as_uint(rlp.decode(payload), "reason")
    assert decode_disconnect(payload) == reason
    assert ended.reason == reason


def _check_hello(payload: bytes, decoded: dict[str, Any]) -> None:
    hello = decode_hello(payload)
    capabilities = [{"name": name, "version": version} for name, version in hello.capabilities]
    assert capabilities == (decoded["caps"] or [])
    assert hello.client_id == decoded["client"]
    assert hello.listen_port == decoded["listen_port"]
    assert hello.public_key.raw.hex() == decoded["node_key"]
    assert hello.version == decoded["version"]
    item, _ = rlp.decode_prefix(payload)
    assert len(item) - _HELLO_ITEMS == decoded["extra_elements"]


def _answer_to_first_packet(code: int, payload: bytes) -> list[ConnectionOutput]:
    """Connect to a recipient, send this as the first frame, and return what follows."""
    entropy = SeededEntropy(b"first packet")
    ours = secp256k1.generate_private_key(entropy)
    theirs = secp256k1.generate_private_key(entropy)
    machine = _recipient(ours)
    peer = InitiatorHandshake(theirs, secp256k1.public_key(ours), entropy=entropy)
    answer = machine.handle(BytesReceived(peer.auth_packet), _NOW)[0]
    assert isinstance(answer, BytesToSend)
    machine.handle(Admitted(), _NOW)
    frame = FrameWriter(_done(peer, answer.data).secrets).write(code, payload)
    return machine.handle(BytesReceived(frame), _NOW)


def _recipient(identity: PrivateKey) -> Connection:
    machine = Connection(
        _SETTINGS,
        role=Role.RECIPIENT,
        identity=identity,
        remote=None,
        entropy=SeededEntropy(b"recipient"),
    )
    assert machine.handle(StreamOpened(), _NOW) == []
    return machine


# ---- capabilities


def _check_matching(entry: dict[str, Any]) -> None:
    local = [Capability(item["name"], item["version"], item["length"]) for item in entry["local"]]
    remote = [(item["name"], item["version"]) for item in entry["remote"]]
    sorted_texts = [f"{name}/{version}" for name, version in sort_capabilities(remote)]
    assert sorted_texts == entry["remote_sorted"]
    ranges = match_capabilities(local, remote)
    found = [
        {
            "name": item.capability.name,
            "version": item.capability.version,
            "length": item.capability.code_count,
            "offset": item.offset,
        }
        for item in ranges
    ]
    assert found == entry["matched"]
    counterparts = [pair for pair in remote if match_capabilities(local, [pair])]
    assert len(counterparts) == entry["matching_count"]


# ---- words of the file


def _open(kind: str, private: str, packet: str) -> OpenedPacket:
    reader = PacketReader(_private(private), legacy_bytes=_LEGACY_BYTES[kind])
    queue = ByteQueue()
    queue.append(unhex(packet))
    opened = reader.read(queue)
    assert opened is not None
    assert len(queue) == 0
    assert opened.raw.hex() == packet
    return opened


def _private(text: str) -> PrivateKey:
    return secp256k1.private_key(unhex(text))


def _public_hex(private: str) -> str:
    return secp256k1.public_key(_private(private)).raw.hex()
