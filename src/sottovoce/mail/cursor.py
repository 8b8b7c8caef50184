"""The cursor: the place in an archive of the last envelope that was sent.

Archives are in the order of time and hash. A page goes on behind its cursor, whether or not an
envelope of that very name is still there.

Spec: status-go mailserver/db_key.go and mailserver.go (docs/spec-deviations.md, "Cursors").
"""

import struct
from typing import Final, NamedTuple

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import HASH_BYTES, EnvelopeHash

_FORM: Final = struct.Struct(f">I{HASH_BYTES}s")
CURSOR_BYTES: Final = _FORM.size


class Cursor(NamedTuple):
    """A place in an archive; places compare as archives are ordered.

    Attributes:
        sent_unix_s: When the envelope was sent, 32 bits.
        hash: Its hash, 32 bytes.
    """

    sent_unix_s: int
    hash: EnvelopeHash

    def encode(self) -> bytes:
        """Return the 36 bytes that travel."""
        return _FORM.pack(self.sent_unix_s, self.hash)


def decode_cursor(raw: bytes) -> Cursor:
    """Read a cursor.

    Raises:
        RemoteProtocolError: It has not 36 bytes.
    """
    if len(raw) != CURSOR_BYTES:
        raise RemoteProtocolError(f"a cursor has {CURSOR_BYTES} bytes, not {len(raw)}")
    sent_unix_s, hash = _FORM.unpack(raw)
    return Cursor(sent_unix_s, EnvelopeHash(hash))
