"""The ratchet: its primitives, and conversations with loss, reordering, replay and forgery."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.device import Device
from sottovoce.secure.double_ratchet import (
    RatchetHeader,
    RatchetState,
    encrypt,
    start_as_initiator,
    start_as_responder,
)
from sottovoce.secure.facts import Unreadable
from sottovoce.secure.kdf_chain import (
    chain_step,
    next_chain_key,
    open_message,
    root_step,
    seal_message,
)
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.message import DirectMessage, SessionHeader
from sottovoce.secure.records import Records
from sottovoce.secure.session import Session
from sottovoce.secure.session_opening import Sender, open_on_session
from sottovoce.secure.settings import SecureSettings
from sottovoce.secure.stores import SessionName
from vectors.case import Case
from vectors.families.x3dh import key_pair
from vectors.scripted_entropy import ScriptedEntropy
from vectors.text import unhex

# A row lists so many keys at most.
LISTED_KEYS_MAX: Final = 40


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each set of primitives and for each step of each conversation."""
    for number, recorded in enumerate(document["primitives"]):
        yield Case("primitives", str(number), partial(_check_primitives, recorded))
    for recorded in document["conversations"]:
        scene = _Scene(recorded)
        section = f"conversations.{recorded['name']}"
        yield Case(section, "start", scene.check_start)
        for number, step in enumerate(recorded["steps"]):
            name = f"{step['step']} {step['party']} {step['op']} {step['message']}"
            yield Case(section, name, partial(scene.check, number))


def _check_primitives(recorded: dict[str, Any]) -> None:
    dh = recorded["dh"]
    private = secp256k1.private_key(unhex(dh["private"]))
    public = secp256k1.decompress(unhex(dh["public_compressed"]))
    assert secp256k1.shared_x(private, public).hex() == dh["dh_out"]
    root = recorded["kdf_rk"]
    step = root_step(unhex(root["root_key"]), unhex(root["dh_out"]))
    assert step.root_key.hex() == root["new_root_key"]
    assert step.chain_key.hex() == root["chain_key"]
    assert step.header_key.hex() == root["header_key_unused"]
    chain = recorded["kdf_ck"]
    following, message_key = chain_step(unhex(chain["chain_key"]))
    assert following == next_chain_key(unhex(chain["chain_key"]))
    assert (following.hex(), message_key.hex()) == (chain["next_chain_key"], chain["message_key"])
    message = recorded["encrypt"]
    key, associated = unhex(message["message_key"]), unhex(message["associated_data"])
    sealed = seal_message(key, unhex(message["plaintext"]), associated)
    assert sealed.hex() == message["ciphertext"]
    assert sealed[:16].hex() == message["iv"]
    assert open_message(key, sealed, associated).hex() == message["plaintext"]


class _Party:
    """One side: its store, and the device that works on it."""

    def __init__(self, ratchet: RatchetState, settings: SecureSettings) -> None:
        self.store = MemoryStore()
        self._settings = settings
        self.name = SessionName(bytes(33), secp256k1.compress(secp256k1.GENERATOR), "other")
        Records(self.store).save_session(self.name, Session(ratchet, b"", (), 0))

    @property
    def ratchet(self) -> RatchetState:
        session = Records(self.store).session(self.name)
        assert session is not None
        return session.ratchet

    def send(self, plaintext: bytes) -> tuple[RatchetHeader, bytes]:
        ratchet, header, ciphertext = encrypt(self.ratchet, plaintext)
        Records(self.store).save_session(self.name, Session(ratchet, b"", (), 0))
        return header, ciphertext

    def receive(self, header: RatchetHeader, ciphertext: bytes, draws: list[bytes]) -> bytes:
        entropy = ScriptedEntropy(draws)
        identity = secp256k1.private_key(bytes(31) + b"\x01")
        device = Device(
            identity, self.name.peer, "this", Records(self.store), entropy, self._settings
        )
        entry = DirectMessage(ciphertext, session=SessionHeader(self.name.prekey, header))
        sender = Sender(
            secp256k1.GENERATOR, self.name.peer, "other", is_late=False, is_stranger=False
        )
        opened = open_on_session(device, sender, entry, Moment(0.0, 0.0))
        if isinstance(opened, Unreadable):
            raise RemoteProtocolError(opened.value)
        assert entropy.is_used_up
        return opened.content


class _Scene:
    """A conversation, played from its start to the step that is checked."""

    def __init__(self, recorded: dict[str, Any]) -> None:
        self._recorded: Final = recorded
        self._parties: dict[str, _Party] = {}
        self._sent: dict[int, tuple[RatchetHeader, bytes]] = {}
        self._played = 0

    def check_start(self) -> None:
        """Both sides start with the recorded states."""
        self._start()

    def check(self, number: int) -> None:
        """The step, and all before it, go as recorded."""
        if not self._parties or number < self._played:
            self._start()
        steps = self._recorded["steps"]
        while self._played <= number:
            step = steps[self._played]
            self._play(step)
            self._played += 1

    def _start(self) -> None:
        recorded = self._recorded
        settings = SecureSettings(
            skip_max=recorded["max_skip"],
            message_keys_max=recorded["max_keys_per_session"],
            keys_back_max=recorded["max_keep"],
        )
        prekey, _ = key_pair(recorded["responder_prekey"])
        public = unhex(recorded["responder_prekey"]["public_compressed"])
        secret = SymmetricKey(unhex(recorded["shared_secret"]))
        start = recorded["initiator_start"]
        entropy = ScriptedEntropy(_draws(start["generated"]))
        alice = start_as_initiator(secret, public, entropy=entropy)
        assert entropy.is_used_up
        bob = start_as_responder(secret, prekey, public)
        self._parties = {"alice": _Party(alice, settings), "bob": _Party(bob, settings)}
        self._sent = {}
        self._played = 0
        assert _fields(alice) == start["state"]
        assert _fields(bob) == recorded["responder_start"]["state"]

    def _play(self, step: dict[str, Any]) -> None:
        party = self._parties[step["party"]]
        match step["op"]:
            case "send":
                self._send(party, step)
            case "confirm":
                header, _ = self._sent[step["message"]]
                party.store.delete_message_key(party.name, header.key, header.n)
                keys = party.store.message_keys(party.name)
                assert len(keys) == step["stored_keys_count_after"]
            case "recv":
                self._receive(party, step, *self._sent[step["message"]])
            case "tamper":
                header, ciphertext = self._sent[step["message"]]
                tampered = unhex(step["ciphertext"])
                assert tampered != ciphertext
                self._receive(party, step, header, tampered)
            case "tamperheader":
                header, ciphertext = self._sent[step["message"]]
                self._receive(party, step, header._replace(pn=header.pn + 1), ciphertext)
            case other:
                pytest.fail(f"a step of an unknown kind: {other}")
        if "state_after" in step:
            assert _fields(party.ratchet) == step["state_after"]

    def _send(self, party: _Party, step: dict[str, Any]) -> None:
        # Some sends are left out of the listing; how many, the number of the message says.
        while len(self._sent) < step["message"]:
            self._sent[len(self._sent)] = party.send(b"")
        header, ciphertext = party.send(unhex(step["plaintext"]))
        assert header.key.hex() == step["header"]["dh"]
        assert (header.n, header.pn) == (step["header"]["n"], step["header"]["pn"])
        assert header.associated_data.hex() == step["header"]["encoded_ad"]
        assert ciphertext.hex() == step["ciphertext"]
        self._sent[step["message"]] = header, ciphertext

    def _receive(
        self, party: _Party, step: dict[str, Any], header: RatchetHeader, ciphertext: bytes
    ) -> None:
        before, count = party.ratchet, len(party.store.message_keys(party.name))
        draws = _draws(step["generated"])
        if step["ok"]:
            assert party.receive(header, ciphertext, draws).hex() == step["plaintext"]
        else:
            # The deployed clients may draw a key before they see that a message is bad.
            with pytest.raises(RemoteProtocolError):
                party.receive(header, ciphertext, draws)
            assert party.ratchet == before
        keys = party.store.message_keys(party.name)
        assert [count, len(keys)] == step["stored_keys_count"]
        listed = [
            {
                "ratchet_key": key.ratchet_key.hex(),
                "n": key.n,
                "seq": key.sequence,
                "message_key": key.key.hex(),
            }
            for key in keys
        ]
        if "stored_keys_after" in step:
            recorded = sorted(step["stored_keys_after"], key=lambda key: int(key["seq"]))
            assert listed == recorded
        else:
            assert len(listed) > LISTED_KEYS_MAX


def _draws(generated: list[dict[str, Any]]) -> list[bytes]:
    for pair in generated:
        key_pair(pair)
    return [unhex(pair["private"]) for pair in generated]


def _fields(state: RatchetState) -> dict[str, Any]:
    return {
        "dhr": state.their_key.hex(),
        "dhs_private": state.own_private.raw.hex(),
        "dhs_public": state.own_public.hex(),
        "keys_count": state.keys_count,
        "pn": state.previous_count,
        "recv_chain_key": state.receiving_key.hex(),
        "recv_n": state.receiving_count,
        "root_chain_key": state.root_key.hex(),
        "send_chain_key": state.sending_key.hex(),
        "send_n": state.sending_count,
    }
