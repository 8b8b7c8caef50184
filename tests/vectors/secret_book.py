"""What two devices agreed on when a session started: we do not keep it, so it is computed again.

The deployed clients keep the secret in a table of its own; both sides of it can be told from the
key pairs that were drawn and from the headers of the messages.
"""

from typing import Any

from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.message import ProtocolMessage
from sottovoce.secure.records import Records
from sottovoce.secure.x3dh import agree_as_initiator, agree_as_responder
from vectors.secure_tables import Rows
from vectors.text import unhex


class SecretBook:
    """All key pairs that were drawn, and how every session was started."""

    def __init__(self) -> None:
        self._privates: dict[str, bytes] = {}
        self._ephemerals: dict[tuple[str, bytes], bytes] = {}

    def note_drawn(self, generated: Rows) -> None:
        """Note key pairs; nonces are none."""
        for pair in generated:
            if "private" in pair:
                self._privates[pair["public_compressed"]] = unhex(pair["private"])

    def note_sealed(self, message: ProtocolMessage) -> None:
        """Note which sessions a message starts."""
        for entry in message.direct.values():
            if entry.x3dh is not None:
                name = message.installation_id, entry.x3dh.prekey
                self._ephemerals[name] = entry.x3dh.ephemeral

    def check(
        self, identity: PrivateKey, installation_id: str, store: MemoryStore, recorded: Rows
    ) -> None:
        """A device's recorded secrets are those that its sessions began with."""
        for row in recorded:
            found = self._secret(identity, installation_id, store, row)
            assert found == unhex(row["symmetric_key"])

    def _secret(
        self,
        identity: PrivateKey,
        installation_id: str,
        store: MemoryStore,
        row: dict[str, Any],
    ) -> bytes:
        theirs = secp256k1.decompress(unhex(row["identity"]))
        name = next(
            name
            for name in store.sessions()
            if name.prekey.hex() == row["bundle_id"]
            and name.peer.hex() == row["identity"]
            and name.installation_id == row["installation_id"]
        )
        own = Records(store).own().find(name.prekey)
        if own is None:
            ephemeral = self._ephemerals[installation_id, name.prekey]
            assert row["ephemeral_key"] in {None, ephemeral.hex()}
            return agree_as_initiator(
                identity=identity,
                ephemeral=secp256k1.private_key(self._privates[ephemeral.hex()]),
                their_identity=theirs,
                their_prekey=secp256k1.decompress(name.prekey),
            ).raw
        session = Records(store).session(name)
        assert session is not None
        return agree_as_responder(
            identity=identity,
            prekey=own.private,
            their_identity=theirs,
            their_ephemeral=secp256k1.decompress(session.founders[-1]),
        ).raw
