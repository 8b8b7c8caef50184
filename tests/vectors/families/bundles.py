"""Bundles: bytes, signatures, and what a client does with its own over time."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any, Final, cast

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.secure.bundle import (
    Bundle,
    SignedPrekey,
    sign_bundle,
    signed_bytes,
    verify_bundle,
)
from sottovoce.secure.channel import Channel
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.message import ProtocolMessage
from sottovoce.secure.own_prekeys import NANOSECONDS
from sottovoce.secure.records import Records
from sottovoce.secure.wire import decode_bundle, decode_message, encode_bundle, encode_message
from vectors.case import Case
from vectors.families.x3dh import key_pair
from vectors.scripted_entropy import ScriptedEntropy
from vectors.secure_tables import bundle_rows, installation_rows, recorded_bundle_rows, rows
from vectors.text import unhex


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each element of the two lists."""
    for recorded in document["cases"]:
        yield Case("cases", recorded["name"], partial(_check_bundle, recorded))
    scene = _Scene(document)
    for number, recorded in enumerate(document["lifecycle"]):
        yield Case("lifecycle", recorded["step"], partial(scene.check, number))


def read_bundle(recorded: dict[str, Any]) -> Bundle:
    """Read a bundle as the files write it."""
    return Bundle(
        identity=unhex(recorded["identity"]),
        prekeys={
            name: SignedPrekey(
                unhex(prekey["signed_pre_key"]), prekey["version"], prekey["protocol_version"]
            )
            for name, prekey in recorded["signed_pre_keys"].items()
        },
        timestamp_ns=int(recorded["timestamp"]),
        signature=unhex(recorded["signature"]),
    )


def moment(timestamp_ns: int) -> Moment:
    """Return the moment that has exactly these nanoseconds, which a float cannot hold."""
    return Moment(0.0, cast("float", Fraction(timestamp_ns, NANOSECONDS)))


def _check_bundle(recorded: dict[str, Any]) -> None:
    bundle = read_bundle(recorded["bundle"])
    assert encode_bundle(bundle).hex() == recorded["protobuf"]
    assert decode_bundle(unhex(recorded["protobuf"])) == bundle
    assert signed_bytes(bundle).hex() == recorded["signature_material"]
    assert keccak256(signed_bytes(bundle)).hex() == recorded["signature_digest"]
    if not recorded["valid"]:
        with pytest.raises(RemoteProtocolError):
            verify_bundle(bundle)
        return
    private, public = key_pair(recorded["identity"])
    assert verify_bundle(bundle) == public
    assert sign_bundle(private, bundle.prekeys, timestamp_ns=bundle.timestamp_ns) == bundle
    for name, prekey in recorded["prekey_private"].items():
        assert _public(unhex(prekey)) == bundle.prekeys[name].key


def _public(private: bytes) -> bytes:
    return secp256k1.compress(secp256k1.public_key(secp256k1.private_key(private)))


class _Scene:
    """One client, played from the first row to the one that is checked.

    What happens before a bundle is asked for is seen from the tables of the row.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._rows: Final[list[dict[str, Any]]] = document["lifecycle"]
        self._store = MemoryStore()
        self._played = 0
        self._private: Final[dict[str, PrivateKey]] = {
            case["identity"]["public_compressed"]: PrivateKey(unhex(case["identity"]["private"]))
            for case in document["cases"]
        }

    def check(self, number: int) -> None:
        if number < self._played:
            self._store, self._played = MemoryStore(), 0
        while self._played <= number:
            recorded = self._rows[self._played]
            self._play(recorded)
            self._played += 1

    def _play(self, recorded: dict[str, Any]) -> None:
        bundle = read_bundle(recorded["bundle"])
        identity = self._private[recorded["bundle"]["identity"]]
        own_rows = [row for row in recorded["bundles_table"] if row["private_key"] is not None]
        own_keys = {row["signed_pre_key"] for row in own_rows}
        draws = [pair["private"] for pair in recorded["generated"]]
        drawn = [draw for draw in draws if _public(unhex(draw)).hex() in own_keys]
        entropy = ScriptedEntropy(unhex(draw) for draw in drawn)
        channel = Channel(identity, own_rows[0]["installation_id"], self._store, entropy)
        self._take_timestamps(own_rows)
        self._take_installations(channel, identity, recorded)
        sealed = channel.seal_bundle(moment(bundle.timestamp_ns))
        assert entropy.is_used_up
        message = decode_message(sealed.content)
        assert message == ProtocolMessage(own_rows[0]["installation_id"], (bundle,))
        assert encode_bundle(message.bundles[0]).hex() == recorded["protobuf"]
        ours = secp256k1.compress(secp256k1.public_key(identity))
        assert recorded_bundle_rows(recorded["bundles_table"]) == bundle_rows(
            self._store, ours, own_rows[0]["installation_id"]
        )
        assert rows(recorded["installations_table"], identity=ours.hex()) == installation_rows(
            self._store
        )

    def _take_timestamps(self, own_rows: list[dict[str, Any]]) -> None:
        """Take the times at which prekeys were drawn from the file, for they are a clock's."""
        records = Records(self._store)
        issued = {unhex(row["signed_pre_key"]): int(row["timestamp"]) for row in own_rows}
        own = records.own()
        prekeys = tuple(replace(prekey, issued_ns=issued[prekey.public]) for prekey in own.prekeys)
        records.save_own(replace(own, prekeys=prekeys))

    def _take_installations(
        self, channel: Channel, identity: PrivateKey, recorded: dict[str, Any]
    ) -> None:
        public = secp256k1.public_key(identity)
        known = channel.installations(public)
        for row in recorded["installations_table"]:
            name = row["installation_id"]
            if name not in known:
                seen = next(
                    bundle
                    for bundle in recorded["bundles_table"]
                    if bundle["installation_id"] == name
                )
                key = SignedPrekey(unhex(seen["signed_pre_key"]), seen["version"], row["version"])
                bundle = sign_bundle(identity, {name: key}, timestamp_ns=int(row["timestamp"]))
                content = encode_message(ProtocolMessage(name, (bundle,)))
                channel.open(public, content, moment(bundle.timestamp_ns))
            elif known[name].enabled != row["enabled"]:
                channel.set_enabled(public, name, row["enabled"])
