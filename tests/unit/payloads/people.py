"""The people of these tests, and a message that every check accepts."""

from sottovoce.base.secret import PrivateKey
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.chat_message import ChatMessage, ContentType, MessageType
from sottovoce.payloads.contact_id import contact_id

ANNA = PrivateKey(b"\x0a" * 32)
BRUNO = PrivateKey(b"\x0b" * 32)
CARLA = PrivateKey(b"\x0c" * 32)
ANNA_ID = contact_id(public_key(ANNA))
BRUNO_ID = contact_id(public_key(BRUNO))
CARLA_ID = contact_id(public_key(CARLA))

# The id of a group that Anna made, in the one form for which events are signed.
GROUP_ID = f"9d4bbeb1-3d0f-4c5a-8a8b-0d3f5f8f7a10-{ANNA_ID}"

NOW_UNIX_MS = 1_591_000_000_000
MESSAGE = ChatMessage(
    clock=NOW_UNIX_MS,
    timestamp_unix_ms=NOW_UNIX_MS,
    text="Ciao",
    chat_id="lobby",
    message_type=MessageType.PUBLIC_GROUP,
    content_type=ContentType.TEXT_PLAIN,
)
