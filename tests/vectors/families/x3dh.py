"""Key agreement, and messages without a session."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.dh_only import open_dh_only, seal_dh_only
from sottovoce.secure.message import ANY_DEVICE
from sottovoce.secure.x3dh import agree_as_initiator, agree_as_responder
from vectors.case import Case
from vectors.scripted_entropy import ScriptedEntropy
from vectors.text import unhex


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each element of the three lists."""
    for recorded in document["x3dh"]:
        yield Case("x3dh", recorded["name"], partial(_check_agreement, recorded))
    for recorded in document["dh_fallback"]:
        name = f"{len(unhex(recorded['plaintext']))} bytes"
        yield Case("dh_fallback", name, partial(_check_dh_only, recorded))
    for recorded in document["dh_malformed"]:
        yield Case("dh_malformed", recorded["name"], partial(_check_refused, recorded))


def _check_agreement(recorded: dict[str, Any]) -> None:
    initiator, initiator_public = key_pair(recorded["initiator_identity"])
    ephemeral, ephemeral_public = key_pair(recorded["initiator_ephemeral"])
    responder, responder_public = key_pair(recorded["responder_identity"])
    prekey, prekey_public = key_pair(recorded["responder_signed_prekey"])
    for field, ours, theirs in (
        ("dh1_initiatorIK_responderSPK", initiator, prekey_public),
        ("dh2_initiatorEK_responderIK", ephemeral, responder_public),
        ("dh3_initiatorEK_responderSPK", ephemeral, prekey_public),
        ("dh1_initiatorIK_responderSPK", prekey, initiator_public),
        ("dh2_initiatorEK_responderIK", responder, ephemeral_public),
        ("dh3_initiatorEK_responderSPK", prekey, ephemeral_public),
    ):
        assert secp256k1.shared_x(ours, theirs).hex() == recorded[field]
    active = agree_as_initiator(
        identity=initiator,
        ephemeral=ephemeral,
        their_identity=responder_public,
        their_prekey=prekey_public,
    )
    passive = agree_as_responder(
        identity=responder,
        prekey=prekey,
        their_identity=initiator_public,
        their_ephemeral=ephemeral_public,
    )
    assert active.raw.hex() == passive.raw.hex() == recorded["shared_secret"]


def _check_dh_only(recorded: dict[str, Any]) -> None:
    identity, public = key_pair(recorded["recipient_identity"])
    ephemeral, _ = key_pair(recorded["ephemeral_generated"])
    entropy = ScriptedEntropy([ephemeral.raw, unhex(recorded["nonce"])])
    header, payload = seal_dh_only(public, unhex(recorded["plaintext"]), entropy=entropy)
    assert entropy.is_used_up
    assert header.hex() == recorded["dh_header_key"]
    assert payload.hex() == recorded["payload"]
    assert secp256k1.shared_x(ephemeral, public).hex() == recorded["aes256gcm_key"]
    assert recorded["map_key"] == ANY_DEVICE
    assert open_dh_only(identity, header, payload).hex() == recorded["plaintext"]


def _check_refused(recorded: dict[str, Any]) -> None:
    identity, _ = key_pair(recorded["recipient_identity"])
    with pytest.raises(RemoteProtocolError):
        open_dh_only(identity, unhex(recorded["dh_header_key"]), unhex(recorded["payload"]))


def key_pair(recorded: dict[str, Any]) -> tuple[PrivateKey, PublicKey]:
    """Read a key pair, whose forms must agree with each other."""
    private = secp256k1.private_key(unhex(recorded["private"]))
    public = secp256k1.public_key(private)
    assert secp256k1.compress(public).hex() == recorded["public_compressed"]
    assert secp256k1.decompress(unhex(recorded["public_compressed"])) == public
    assert recorded.get("public", public.uncompressed.hex()) == public.uncompressed.hex()
    return private, public
