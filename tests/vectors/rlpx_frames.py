"""Frames of the vectors: conversations whose messages are checked one by one."""

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.codec import snappy
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.devp2p.events import Role
from sottovoce.devp2p.frames import FrameReader, FrameWriter
from sottovoce.devp2p.secrets import FrameSecrets
from vectors.case import Case
from vectors.rlpx_handshakes import derive_side
from vectors.text import unhex


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
        kept = self._failures[index]
        if kept is not None:
            raise kept

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
        initiator = derive_side(self._handshake, Role.INITIATOR)
        recipient = derive_side(self._handshake, Role.RECIPIENT)
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


def frame_cases(entry: dict[str, Any], handshake: dict[str, Any]) -> Iterator[Case]:
    """Give the messages of one list; each can be checked alone."""
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


def check_bad_frame(entry: dict[str, Any], handshake: dict[str, Any]) -> None:
    """Check whether the first frame of a connection is taken."""
    reader = FrameReader(derive_side(handshake, Role(entry["reader"])))
    reader.compressed = entry["snappy"]
    queue = ByteQueue()
    queue.append(unhex(entry["wire"]))
    try:
        packet = reader.read(queue)
    except RemoteProtocolError:
        packet = None
    assert (packet is not None) == entry["accepted"]
