"""RLPx: ECIES, handshakes, frames, the first packets, and the offsets of subprotocols."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability
from sottovoce.base.secret import PrivateKey
from sottovoce.codec import rlp
from sottovoce.crypto import ecies, secp256k1
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
from sottovoce.devp2p.frames import FrameWriter
from sottovoce.devp2p.handshake import (
    InitiatorHandshake,
    recover_ephemeral,
)
from sottovoce.devp2p.handshake_packets import (
    PacketForm,
    decode_ack,
    decode_auth,
)
from sottovoce.devp2p.settings import ConnectionSettings
from vectors.case import Case
from vectors.rlpx_frames import check_bad_frame, frame_cases
from vectors.rlpx_handshakes import (
    check_handshake,
    derive_side,
    finish,
    open_packet,
    private_key,
    public_hex,
)
from vectors.scripted_entropy import ScriptedEntropy, SeededEntropy
from vectors.text import unhex

_NOW: Final = Moment(0.0, 0.0)
_SETTINGS: Final = ConnectionSettings("vectors", (Capability("shh", 6, 128),))
_DERIVED_FROM: Final = re.compile(r"auth (\d+) and ack (\d+)")
_LEAST_ITEMS: Final = {"auth": 4, "ack": 3}
_HELLO_ITEMS: Final = 5


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Give every case of the file; the messages of frames are steps of conversations."""
    handshakes = {entry["name"]: entry for entry in document.get("handshakes", [])}
    for entry in document.get("ecies", []):
        name = f"{len(unhex(entry['plaintext']))}-bytes"
        yield Case("ecies", name, partial(_check_ecies, entry))
    for entry in document.get("handshakes", []):
        yield Case("handshakes", entry["name"], partial(check_handshake, entry))
    yield from _published_cases(document)
    for entry in document.get("bad_handshakes", []):
        yield Case("bad_handshakes", entry["name"], partial(_check_bad_handshake, entry))
    for entry in document.get("frames", []):
        yield from frame_cases(entry, handshakes[entry["handshake"]])
    for entry in document.get("bad_frames", []):
        check = partial(check_bad_frame, entry, handshakes[entry["handshake"]])
        yield Case("bad_frames", entry["name"], check)
    for entry in document.get("hello", []):
        yield Case("hello", entry["name"], partial(_check_first_packet, entry))
    for entry in document.get("capability_matching", []):
        yield Case("capability_matching", entry["name"], partial(_check_matching, entry))


# ---- ECIES


def _check_ecies(entry: dict[str, Any]) -> None:
    recipient = private_key(entry["recipient_private"])
    ephemeral = private_key(entry["ephemeral_private"])
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
    opened = open_packet(kind, static, entry["packet"])
    if "plain" in entry:
        assert (opened.form is PacketForm.LEGACY) == entry["plain"]
    if opened.form is PacketForm.EIP8:
        item, _ = rlp.decode_prefix(opened.plaintext)
        items = rlp.as_list(item, kind)
        assert rlp.as_uint(items[_LEAST_ITEMS[kind] - 1], "version") == entry["version"]
        assert len(items) - _LEAST_ITEMS[kind] == entry["extra_elements"]
    else:
        assert entry["extra_elements"] == 0  # The old form has no place for any, nor for a version.
    if kind == "auth":
        auth = decode_auth(opened.plaintext, opened.form)
        assert auth.initiator.raw.hex() == public_hex(keys["initiator_static_private"])
        assert auth.nonce.hex() == keys["initiator_nonce"]
        ephemeral = recover_ephemeral(private_key(static), auth)
        assert ephemeral.raw.hex() == public_hex(keys["initiator_ephemeral_private"])
    else:
        ack = decode_ack(opened.plaintext, opened.form)
        assert ack.ephemeral.raw.hex() == public_hex(keys["recipient_ephemeral_private"])
        assert ack.nonce.hex() == keys["recipient_nonce"]
    if pair is not None:
        _check_published_derivation(keys, *pair)


def _check_published_derivation(keys: dict[str, Any], auth_packet: str, ack_packet: str) -> None:
    packets = {"auth": {"packet": auth_packet}, "ack": {"packet": ack_packet}}
    derived = derive_side({**keys, **packets}, Role.RECIPIENT)
    assert derived.aes_secret.hex() == keys["aes_secret"]
    assert derived.mac_secret.hex() == keys["mac_secret"]
    ingress = derived.ingress_mac.copy()
    ingress.update(b"foo")
    assert ingress.digest().hex() == keys["recipient_ingress_mac_digest_after_writing_ascii_foo"]


def _check_bad_handshake(entry: dict[str, Any]) -> None:
    recipient = _recipient(private_key(entry["recipient_static_private"]))
    outputs = recipient.handle(BytesReceived(unhex(entry["auth_packet"])), _NOW)
    outputs += recipient.handle(StreamEnded(), _NOW)
    identified = [output for output in outputs if isinstance(output, PeerIdentified)]
    assert bool(identified) == entry["accepted"]
    assert isinstance(outputs[-1], ConnectionEnded)
    if not entry["accepted"]:
        assert not [output for output in outputs if isinstance(output, BytesToSend)]


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
    frame = FrameWriter(finish(peer, answer.data).secrets).write(code, payload)
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
