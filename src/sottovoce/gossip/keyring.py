"""Keys and key ids that are derived from text, as every node of the network derives them.

It computes; where keys are kept is not its business.

Spec: go-ethereum whisper/whisperv6/whisper.go (keys from passwords); status-go
whisper/whisper.go (ids of key pairs).
"""

from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import KEY_BYTES, SymmetricKey
from sottovoce.crypto.kdf import pbkdf2_sha256

# Not 65536: the digits were swapped in the first implementation, and every public chat's key
# depends on them since (docs/spec-deviations.md, "Passwords").
PASSWORD_ROUNDS: Final = 65356

# An id hides nothing, so few rounds do; another number would give ids that other programs over
# the same protocol do not know.
KEY_ID_ROUNDS: Final = 4096

KEY_ID_BYTES: Final = 32
KEY_ID_CHARACTERS: Final = 2 * KEY_ID_BYTES  # hexadecimal digits, without 0x in front

_NO_SALT: Final = b""  # two people who know only a chat's name must reach the same key


def symmetric_key_from_password(text: str) -> SymmetricKey:
    """Derive the key of a public chat from its name, or that of a mailserver from its password.

    This takes some hundredths of a second and releases the interpreter lock meanwhile.

    Raises:
        LocalProtocolError: The text has no UTF-8 form (it contains half of a surrogate pair).
    """
    return SymmetricKey(_derive(text, PASSWORD_ROUNDS, KEY_BYTES))


def key_pair_id(text: str) -> str:
    """Return the id of a key pair for the text by which somebody names it.

    Args:
        text: An id of 64 characters, which is returned as it is, or anything else; the public key
            as lower-case hex with 0x04 in front gives the key pair's own id.

    Returns:
        The id, 64 characters.

    Raises:
        LocalProtocolError: The text has no UTF-8 form.
    """
    if len(_utf8(text)) == KEY_ID_CHARACTERS:
        return text
    return _derive(text, KEY_ID_ROUNDS, KEY_ID_BYTES).hex()


def _derive(text: str, rounds: int, size_bytes: int) -> bytes:
    return pbkdf2_sha256(_utf8(text), _NO_SALT, iterations=rounds, size_bytes=size_bytes)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise LocalProtocolError("a text with half of a surrogate pair has no UTF-8 form") from None
