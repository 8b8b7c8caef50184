"""Topics and keys of public chats, of people and of pairs, as status-go derives them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.stack import topics
from sottovoce.stack.routes import key_of_name, topic_of_name
from vectors.case import Case
from vectors.text import unhex


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each name, person and pair, and one for the shared topic."""
    for recorded in document["public"]:
        yield Case("public", recorded["name"][:40], partial(_check_public, recorded))
    for recorded in document["people"]:
        name = recorded["key"]["public"][:10]
        yield Case("people", name, partial(_check_person, recorded))
    for recorded in document["negotiated"]:
        name = recorded["note"] or recorded["topic"]
        yield Case("negotiated", name, partial(_check_pair, recorded))
    yield Case("discovery", "generic", partial(_check_discovery, document["discovery"]))


def _read_key(recorded: dict[str, str]) -> tuple[PrivateKey, PublicKey]:
    private = secp256k1.private_key(unhex(recorded["private"]))
    public = secp256k1.public_key(private)
    assert public.uncompressed.hex() == recorded["public"]
    assert secp256k1.compress(public).hex() == recorded["public_compressed"]
    return private, public


def _check_name(name: topics.TopicName, recorded: dict[str, Any]) -> None:
    """Compare a name with every field that the file has for it."""
    assert name.text == recorded["name"]
    assert name.topic.hex() == recorded["topic"]
    assert name.topic == topic_of_name(recorded["name"])
    if "symmetric_key" in recorded:
        assert name.derive_key().raw.hex() == recorded["symmetric_key"]
        return
    assert recorded.get("encryption", "asymmetric").startswith("asymmetric")
    with pytest.raises(LocalProtocolError):
        name.derive_key()


def _check_public(recorded: dict[str, Any]) -> None:
    _check_name(topics.public_chat(recorded["name"]), recorded)
    assert key_of_name(recorded["name"]).raw.hex() == recorded["symmetric_key"]


def _check_person(recorded: dict[str, Any]) -> None:
    _, public = _read_key(recorded["key"])
    _check_name(topics.contact_code(public), recorded["contact_code"])
    _check_name(topics.partitioned(public), recorded["partitioned"])
    assert topics.partition(public) == recorded["partitioned"]["partition"]
    _check_name(topics.personal_discovery(public), recorded["personal_discovery"])
    assert topics.negotiated_filter_id(public) == recorded["negotiated_name"]


def _check_pair(recorded: dict[str, Any]) -> None:
    private_a, public_a = _read_key(recorded["a"])
    private_b, public_b = _read_key(recorded["b"])
    secret = secp256k1.shared_x(private_a, public_b)
    assert secret.hex() == recorded["shared_secret"]
    assert secp256k1.shared_x(private_b, public_a) == secret
    _check_name(topics.negotiated(SymmetricKey(secret)), recorded)


def _check_discovery(recorded: dict[str, Any]) -> None:
    _check_name(topics.GENERIC_DISCOVERY, recorded)
