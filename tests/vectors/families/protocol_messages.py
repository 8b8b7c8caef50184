"""Messages between two people with two devices each, and what every device stores after each."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from sottovoce.crypto import secp256k1
from sottovoce.secure.bundle import verify_bundle
from sottovoce.secure.channel import Channel
from sottovoce.secure.double_ratchet import RatchetHeader
from sottovoce.secure.facts import (
    InstallationSeen,
    Opened,
    Sealed,
    Secrecy,
    SecretAgreed,
    Unopened,
    Unreadable,
)
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.message import (
    ANY_DEVICE,
    DirectMessage,
    ProtocolMessage,
    SessionHeader,
    X3dhHeader,
)
from sottovoce.secure.wire import decode_message, encode_message
from vectors.case import Case
from vectors.families.bundles import moment, read_bundle
from vectors.families.x3dh import key_pair
from vectors.scripted_entropy import ScriptedEntropy
from vectors.secret_book import SecretBook
from vectors.secure_tables import (
    Rows,
    bundle_rows,
    installation_rows,
    recorded_bundle_rows,
    rows,
    secret_rows,
    session_rows,
)
from vectors.text import unhex

ERRORS: Final = {
    "no payload": Unreadable.NO_CONTENT,
    "device not found": Unreadable.OTHER_DEVICE,
    "received a message from not paired device": Unreadable.NOT_PAIRED,
}


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each message."""
    scene = _Scene(document)
    for number, step in enumerate(document["steps"]):
        yield Case("steps", step["what"], partial(scene.check, number))


class _Person:
    """One device of the file: who owns it, its id, and its store."""

    def __init__(self, identity: dict[str, Any], installation_id: str) -> None:
        self.private, self.public = key_pair(identity)
        self.identity = secp256k1.compress(self.public)
        self.installation_id = installation_id
        self.store = MemoryStore()

    def channel(self, entropy: ScriptedEntropy) -> Channel:
        return Channel(self.private, self.installation_id, self.store, entropy)


class _Scene:
    """All devices, played from the first message to the one that is checked."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document: Final = document
        self._devices: dict[str, _Person] = {}
        self._secrets = SecretBook()
        self._played = 0

    def check(self, number: int) -> None:
        """The message, and all before it, go as recorded."""
        if not self._devices or number < self._played:
            identities = self._document["identities"]
            self._devices = {
                name: _Person(identities[name.rpartition("-")[0]], installation_id)
                for name, installation_id in self._document["installations"].items()
            }
            self._secrets = SecretBook()
            self._played = 0
        while self._played <= number:
            self._play(self._document["steps"][self._played])
            self._played += 1

    def _play(self, step: dict[str, Any]) -> None:
        sender = self._devices[step["from"]]
        message = read_message(step["message"])
        assert decode_message(unhex(step["protobuf"])) == message
        assert encode_message(message).hex() == step["protobuf"]
        _take_decisions(sender, step["sender_state_after"])
        for pair in step["generated_by_sender"]:
            if "private" in pair:
                key_pair(pair)
        self._secrets.note_drawn(step["generated_by_sender"])
        self._secrets.note_sealed(message)
        sealed = self._seal(sender, step, message)
        assert sealed.content.hex() == step["protobuf"]
        recorded = step["target_installations"] or []
        assert [target.installation_id for target in sealed.targets] == recorded
        versions = [target.protocol_version for target in sealed.targets]
        assert min(versions, default=0) == step["min_protocol_version"]
        agreed = sealed.agreed_secret
        assert (agreed.raw.hex() if agreed else "") == step["negotiated_secret_agreed"]
        self._check_state(sender, step["sender_state_after"])
        for received in step["received"]:
            self._receive(sender, step, message, received)

    def _seal(self, sender: _Person, step: dict[str, Any], message: ProtocolMessage) -> Sealed:
        draws = [
            unhex(drawn["private"] if "private" in drawn else drawn["nonce12"])
            for drawn in step["generated_by_sender"]
        ]
        entropy = ScriptedEntropy(draws)
        channel = sender.channel(entropy)
        now = moment(message.bundles[0].timestamp_ns)
        content = unhex(step["plaintext"])
        if message.public is not None:
            # We send public content bare; the deployed clients can do it in this way as well.
            carrier = decode_message(channel.seal_bundle(now).content)
            assert message.public == content
            whole = ProtocolMessage(carrier.installation_id, carrier.bundles, public=content)
            sealed = Sealed(encode_message(whole), Secrecy.PUBLIC)
        elif not message.direct:
            sealed = channel.seal_bundle(now)
        else:
            addressed = self._devices[step["received"][0]["receiver"]].public
            known = channel.installations(addressed).values()
            if ANY_DEVICE in message.direct and any(device.enabled for device in known):
                sealed = channel.seal_to_any_device(addressed, content, now)
            else:
                sealed = channel.seal(addressed, content, now)
        assert entropy.is_used_up
        return sealed

    def _receive(
        self,
        sender: _Person,
        step: dict[str, Any],
        message: ProtocolMessage,
        received: dict[str, Any],
    ) -> None:
        receiver = self._devices[received["receiver"]]
        _take_decisions(receiver, received["state_after"])
        entropy = ScriptedEntropy(unhex(pair["private"]) for pair in received["generated"])
        now = moment(message.bundles[0].timestamp_ns)
        channel = receiver.channel(entropy)
        opened = channel.open(sender.public, unhex(step["protobuf"]), now)
        assert entropy.is_used_up
        if "error" in received:
            assert isinstance(opened, Unopened)
            assert ERRORS.get(received["error"], opened.reason) == opened.reason
        else:
            assert isinstance(opened, Opened)
            assert opened.content.hex() == received["plaintext"]
        assert _seen(opened) == set(received["new_installations"] or [])
        assert _agreed(opened) == (received["negotiated"] or [])
        self._check_state(receiver, received["state_after"])

    def _check_state(self, device: _Person, recorded: dict[str, Rows]) -> None:
        store = device.store
        ours = bundle_rows(store, device.identity, device.installation_id)
        assert ours == recorded_bundle_rows(recorded["bundles"])
        assert installation_rows(store) == rows(recorded["installations"])
        secrets, owners = secret_rows(store)
        assert secrets == rows(recorded["secrets"])
        assert owners == rows(recorded["secret_installation_ids"])
        sessions, agreements, keys = session_rows(store)
        assert sessions == rows(recorded["sessions"])
        assert keys == rows(recorded["keys"])
        plain = [
            {name: row[name] for name in row if name != "symmetric_key"}
            for row in recorded["ratchet_info_v2"]
        ]
        assert agreements == rows(plain)
        self._secrets.check(
            device.private, device.installation_id, store, recorded["ratchet_info_v2"]
        )


def _take_decisions(device: _Person, recorded: dict[str, Rows]) -> None:
    """Enable what the person enabled before; the tables show it."""
    channel = device.channel(ScriptedEntropy([]))
    for row in recorded["installations"]:
        owner = secp256k1.decompress(unhex(row["identity"]))
        known = channel.installations(owner).get(row["installation_id"])
        if known is not None and known.enabled != row["enabled"]:
            channel.set_enabled(owner, row["installation_id"], row["enabled"])


def _seen(opened: Opened | Unopened) -> set[str]:
    return {
        f"0x{fact.peer.uncompressed.hex()}/{fact.installation_id}"
        for fact in opened.facts
        if isinstance(fact, InstallationSeen)
    }


def _agreed(opened: Opened | Unopened) -> list[dict[str, str]]:
    return [
        {"with": fact.peer.uncompressed.hex(), "secret": fact.secret.raw.hex()}
        for fact in opened.facts
        if isinstance(fact, SecretAgreed)
    ]


def read_message(recorded: dict[str, Any]) -> ProtocolMessage:
    """Read a recorded message, whose bundles must be signed by their owners."""
    bundles = tuple(read_bundle(bundle) for bundle in recorded.get("bundles", []))
    for bundle in bundles:
        owner = verify_bundle(bundle)
        assert secp256k1.compress(owner) == bundle.identity
    public = recorded.get("public_message")
    return ProtocolMessage(
        installation_id=recorded["installation_id"],
        bundles=bundles,
        direct={
            name: _read_direct(entry) for name, entry in recorded.get("direct_message", {}).items()
        },
        public=None if public is None else unhex(public),
    )


def _read_direct(entry: dict[str, Any]) -> DirectMessage:
    x3dh = session = ephemeral = None
    if "x3dh_header" in entry:
        x3dh = X3dhHeader(unhex(entry["x3dh_header"]["key"]), unhex(entry["x3dh_header"]["id"]))
    if "dr_header" in entry:
        header = entry["dr_header"]
        ratchet = RatchetHeader(unhex(header["key"]), header["n"], header["pn"])
        session = SessionHeader(unhex(header["id"]), ratchet)
    if "dh_header" in entry:
        ephemeral = unhex(entry["dh_header"]["key"])
    return DirectMessage(unhex(entry["payload"]), x3dh, session, ephemeral)
