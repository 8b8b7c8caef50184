"""What a store holds, as rows like those that the deployed clients' tables show."""

from typing import Any, TypeAlias

from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.records import Records
from sottovoce.secure.session import decode_session

Rows: TypeAlias = list[dict[str, Any]]


def rows(recorded: Rows, **added: Any) -> Rows:
    """Return recorded rows in one order, with numbers as numbers."""
    return _ordered([{**added, **row, **_numbers(row)} for row in recorded])


def _numbers(row: dict[str, Any]) -> dict[str, int]:
    return {"timestamp": int(row["timestamp"])} if "timestamp" in row else {}


def _ordered(unordered: Rows) -> Rows:
    return sorted(unordered, key=lambda row: sorted((name, str(row[name])) for name in row))


def recorded_bundle_rows(recorded: Rows) -> Rows:
    """Return recorded rows of prekeys; our own were drawn by a clock that nobody else has."""
    return rows([_without_clock(row) for row in recorded])


def _without_clock(row: dict[str, Any]) -> dict[str, Any]:
    return row if row["private_key"] is None else {**row, "timestamp": 0}


def bundle_rows(store: MemoryStore, ours: bytes, installation_id: str) -> Rows:
    """Return the prekeys: our own, and those of others."""
    records = Records(store)
    found = [
        {
            "identity": ours.hex(),
            "installation_id": installation_id,
            "signed_pre_key": own.public.hex(),
            "private_key": own.private.raw.hex(),
            "version": own.version,
            "expired": own.expired,
            "timestamp": 0,
        }
        for own in records.own().prekeys
    ]
    found += [
        {
            "identity": identity.hex(),
            "installation_id": name,
            "signed_pre_key": prekey.key.hex(),
            "private_key": None,
            "version": prekey.version,
            "expired": prekey.expired,
            "timestamp": prekey.timestamp_ns,
        }
        for identity in store.peers()
        for name, installation in records.peer(identity).installations.items()
        for prekey in installation.prekeys
    ]
    return _ordered(found)


def installation_rows(store: MemoryStore) -> Rows:
    """Return the installations of others, and our own other ones."""
    records = Records(store)
    return _ordered(
        [
            {
                "identity": identity.hex(),
                "installation_id": name,
                "timestamp": installation.timestamp_ns,
                "enabled": installation.enabled,
                "version": installation.protocol_version,
            }
            for identity in store.peers()
            for name, installation in records.peer(identity).installations.items()
        ]
    )


def secret_rows(store: MemoryStore) -> tuple[Rows, Rows]:
    """Return the negotiated secrets, and which installations have them."""
    records = Records(store)
    peers = {identity: records.peer(identity) for identity in store.peers()}
    secrets = [
        {"identity": identity.hex(), "secret": peer.secret.raw.hex()}
        for identity, peer in peers.items()
        if peer.secret is not None
    ]
    owners = [
        {"identity_id": identity.hex(), "id": name.encode().hex()}
        for identity, peer in peers.items()
        for name in peer.agreed
    ]
    return _ordered(secrets), _ordered(owners)


def session_rows(store: MemoryStore) -> tuple[Rows, Rows, Rows]:
    """Return the sessions, how they were agreed on, and the message keys."""
    sessions, agreements, keys = [], [], []
    for name in store.sessions():
        record = store.load_session(name)
        assert record is not None
        session = decode_session(record)
        identifier = (name.prekey + name.installation_id.encode()).hex()
        ratchet = session.ratchet
        sessions.append(
            {
                "id": identifier,
                "dhr": ratchet.their_key.hex(),
                "dhs_private": ratchet.own_private.raw.hex(),
                "dhs_public": ratchet.own_public.hex(),
                "keys_count": ratchet.keys_count,
                "pn": ratchet.previous_count,
                "recv_chain_key": ratchet.receiving_key.hex(),
                "recv_chain_n": ratchet.receiving_count,
                "root_chain_key": ratchet.root_key.hex(),
                "send_chain_key": ratchet.sending_key.hex(),
                "send_chain_n": ratchet.sending_count,
                "step": 0,
            }
        )
        agreements.append(
            {
                "bundle_id": name.prekey.hex(),
                "identity": name.peer.hex(),
                "installation_id": name.installation_id,
                "ephemeral_key": session.ephemeral.hex() or None,
            }
        )
        keys += [
            {
                "session_id": identifier,
                "public_key": key.ratchet_key.hex(),
                "msg_num": key.n,
                "message_key": key.key.hex(),
                "seq_num": key.sequence,
            }
            for key in store.message_keys(name)
        ]
    return _ordered(sessions), _ordered(agreements), _ordered(keys)
