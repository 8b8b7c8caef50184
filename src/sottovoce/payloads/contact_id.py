"""Contact ids: the texts by which payloads name people.

Spec: Status specs 6 (payloads); status-go protocol/contact.go (`0x` and the uncompressed key).
"""

import re
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto.secp256k1 import parse_public_key

# Lower case only: ids are compared as texts, and every client writes them so.
CONTACT_ID_FORM: Final = r"0x04[0-9a-f]{128}"
_FORM: Final = re.compile(CONTACT_ID_FORM)


def contact_id(key: PublicKey) -> str:
    """Return the text of a key: 0x and 130 lower-case digits."""
    return "0x" + key.uncompressed.hex()


def contact_key(text: str) -> PublicKey:
    """Read a contact id.

    Raises:
        RemoteProtocolError: It has another form, or the point is not on the curve.
    """
    if _FORM.fullmatch(text) is None:
        raise RemoteProtocolError("a contact id has another form")
    return parse_public_key(bytes.fromhex(text[2:]))
