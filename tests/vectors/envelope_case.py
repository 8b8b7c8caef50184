"""How one sealed envelope is checked, whatever its size: the families envelope, envelope_large."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.gossip.bloom import bloom_to_bytes, topic_bloom
from sottovoce.gossip.envelope import Envelope, UnminedEnvelope, decode_envelope
from sottovoce.gossip.message_body import SIGNATURE_BYTES, encode_body
from sottovoce.gossip.proof_of_work import envelope_pow, mine
from sottovoce.gossip.seal import EnvelopeRoute, open_data, open_envelope, overhead_bytes, seal
from vectors.case import Case
from vectors.floats import assert_float
from vectors.scripted_entropy import ScriptedEntropy
from vectors.text import unhex

SYMMETRIC = "symmetric"


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each envelope of the file."""
    for recorded in document["cases"]:
        yield Case("cases", recorded["name"], partial(check_envelope, recorded))


def check_envelope(recorded: dict[str, Any]) -> None:
    """Decode, open, and seal again: every recorded field is met on the way."""
    envelope = decode_envelope(unhex(recorded["envelope_rlp"]))
    _check_fields(recorded, envelope)
    _check_keys(recorded)
    _check_opening(recorded, envelope)
    _check_sealing(recorded, envelope)


def _check_fields(recorded: dict[str, Any], envelope: Envelope) -> None:
    items = rlp.as_list(rlp.decode(unhex(recorded["envelope_rlp"])), "envelope")
    data = unhex(recorded["data"]) if "data" in recorded else items[3]
    prefix = recorded.get("rlp_without_nonce")
    assert envelope.expiry_unix_s == recorded["expiry"]
    assert envelope.ttl_s == recorded["ttl"]
    assert envelope.topic == unhex(recorded["topic"])
    assert envelope.data == data
    assert envelope.nonce == recorded["nonce"]
    assert envelope.hash == unhex(recorded["hash"])
    assert envelope.size_bytes == recorded["size"]
    assert envelope.prefix == (rlp.encode(items[:4]) if prefix is None else unhex(prefix))
    assert bloom_to_bytes(topic_bloom(envelope.topic)) == unhex(recorded["bloom"])
    assert_float(envelope_pow(envelope), recorded["pow"])


def _check_keys(recorded: dict[str, Any]) -> None:
    for who in ("sender", "recipient"):
        private = recorded.get(f"{who}_private_key")
        if private is not None:
            public = secp256k1.public_key(secp256k1.private_key(unhex(private)))
            assert public.uncompressed == unhex(recorded[f"{who}_public_key"])


def _check_opening(recorded: dict[str, Any], envelope: Envelope) -> None:
    key = _opening_key(recorded)
    plaintext = open_data(envelope.data, key)
    if "plaintext" in recorded:
        assert plaintext == unhex(recorded["plaintext"])
    if "signature" in recorded:
        assert plaintext[-SIGNATURE_BYTES:] == unhex(recorded["signature"])
    message = open_envelope(envelope, key, pow=envelope_pow(envelope))
    assert message is not None
    assert message.payload == unhex(recorded["payload"])
    assert message.padding == unhex(recorded["padding"])
    assert message.transport_sender == _public_key(recorded, "sender")
    assert message.recipient == _public_key(recorded, "recipient")
    assert message.topic == envelope.topic
    assert message.ttl_s == recorded["ttl"]
    assert message.sent_unix_s == recorded["expiry"] - recorded["ttl"]
    assert message.hash == unhex(recorded["hash"])
    assert_float(message.pow, recorded["pow"])


def _check_sealing(recorded: dict[str, Any], envelope: Envelope) -> None:
    signer = _signer(recorded)
    padding = unhex(recorded["padding"])
    plaintext = encode_body(
        unhex(recorded["payload"]), padding=padding, signer=signer, entropy=ScriptedEntropy([])
    )
    assert plaintext == open_data(envelope.data, _opening_key(recorded))
    unmined = _sealed_again(recorded, signer)
    assert unmined.expiry_unix_s == recorded["expiry"]
    assert unmined.data == envelope.data
    assert unmined.size_bytes == recorded["size"]
    assert unmined.prefix == envelope.prefix
    # No lower nonce may reach the target, and the recorded one must.
    mined = mine(unmined, recorded["pow_target"], recorded["nonce"] + 1)
    assert mined == envelope
    assert mined.hash == unhex(recorded["hash"])


def _sealed_again(recorded: dict[str, Any], signer: PrivateKey | None) -> UnminedEnvelope:
    padding = unhex(recorded["padding"])
    symmetric = recorded["encryption"] == SYMMETRIC
    names = ("salt",) if symmetric else ("ecies_ephemeral_private_key", "ecies_iv")
    draws = [unhex(recorded[name]) for name in names]
    own_padding = recorded["custom_padding"]
    payload = unhex(recorded["payload"])
    if not own_padding:
        draws.insert(0, padding)
        overhead = overhead_bytes(len(payload), signed=signer is not None, symmetric=symmetric)
        assert len(payload) + overhead == recorded["size"]
    entropy = ScriptedEntropy(draws)
    unmined = seal(
        payload,
        EnvelopeRoute(Topic(unhex(recorded["topic"])), _sealing_key(recorded), signer),
        ttl_s=recorded["ttl"],
        now=Moment(0.0, float(recorded["expiry"] - recorded["ttl"])),
        entropy=entropy,
        padding=padding if own_padding else None,
    )
    assert entropy.is_used_up
    return unmined


def _opening_key(recorded: dict[str, Any]) -> SymmetricKey | PrivateKey:
    if recorded["encryption"] == SYMMETRIC:
        return SymmetricKey(unhex(recorded["symmetric_key"]))
    return secp256k1.private_key(unhex(recorded["recipient_private_key"]))


def _sealing_key(recorded: dict[str, Any]) -> SymmetricKey | PublicKey:
    if recorded["encryption"] == SYMMETRIC:
        return SymmetricKey(unhex(recorded["symmetric_key"]))
    return secp256k1.parse_public_key(unhex(recorded["recipient_public_key"]))


def _public_key(recorded: dict[str, Any], who: str) -> PublicKey | None:
    text = recorded.get(f"{who}_public_key")
    return None if text is None else secp256k1.parse_public_key(unhex(text))


def _signer(recorded: dict[str, Any]) -> PrivateKey | None:
    text = recorded.get("sender_private_key")
    return None if text is None else secp256k1.private_key(unhex(text))
