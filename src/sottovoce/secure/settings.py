"""What can be set about secrecy, with the numbers of the deployed clients as defaults.

Spec: status-go protocol/encryption/encryptor.go (limits and lifetimes of the deployed clients).
"""

from dataclasses import dataclass
from typing import Final

from sottovoce.base.errors import LocalProtocolError

DAY_S: Final = 86_400

SKIP_MAX: Final = 1000  # messages lost or late on one chain; each costs two hashes
MESSAGE_KEYS_MAX: Final = 2000  # keys that one session stores; older ones make room
KEYS_BACK_MAX: Final = 3000  # a key is given up when so many younger ones were taken
INSTALLATIONS_MAX: Final = 3  # devices that a message is encrypted to, each of them whole
PREKEY_USE_S: Final = DAY_S  # so long new sessions start on a prekey of ours
# So long a prekey is kept afterwards: what a mailserver hands out comes at most so late. The
# secrecy of a first message against a thief of keys begins with its destruction.
PREKEY_KEPT_S: Final = 30 * DAY_S
ANSWER_PAUSE_S: Final = 7200  # one answer for each device in this time, as the clients meant it
# So long after the first answer to somebody we know, for it may have been lost; then ever longer.
ANSWER_FIRST_PAUSE_S: Final = 60
# Identities to which we never wrote, whose bundles and messages come unasked. Each may bring a
# record of 46 kB and four sessions of 15 kB, so that they take 55 MB together at the very most.
# Fewer would let a flood drive out sooner whom we are about to write to.
STRANGERS_MAX: Final = 500
# Sessions of one of them. As long as we have not answered, whatever they send starts the session
# again, so that one which made room is no loss.
SESSIONS_PER_STRANGER_MAX: Final = 4
# Keys that one such session stores, of messages that came late or were not confirmed yet; and
# chains that ended, which an honest stranger has none of.
KEYS_PER_STRANGER_SESSION_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class SecureSettings:
    """The settings of one channel.

    Attributes:
        skip_max: Messages that may be missing on a chain when a later one comes.
        message_keys_max: Keys of messages that one session stores.
        keys_back_max: A stored key is given up when so many younger ones were taken.
        installations_max: Devices of one person that a message is encrypted to.
        prekey_use_s: Seconds after which a new prekey is drawn.
        prekey_kept_s: Seconds after that until the old one, and what hangs on it, is destroyed.
        answer_pause_s: Seconds between two answers to the same device, at the longest.
        answer_first_pause_s: Seconds between the first two to a device of somebody we know.
        strangers_max: Identities to which we never wrote that are remembered.
        sessions_per_stranger_max: Sessions with one of them.
        keys_per_stranger_session_max: Keys of messages, and ended chains, that it stores.

    Raises:
        LocalProtocolError: A value is not positive.
    """

    skip_max: int = SKIP_MAX
    message_keys_max: int = MESSAGE_KEYS_MAX
    keys_back_max: int = KEYS_BACK_MAX
    installations_max: int = INSTALLATIONS_MAX
    prekey_use_s: int = PREKEY_USE_S
    prekey_kept_s: int = PREKEY_KEPT_S
    answer_pause_s: int = ANSWER_PAUSE_S
    answer_first_pause_s: int = ANSWER_FIRST_PAUSE_S
    strangers_max: int = STRANGERS_MAX
    sessions_per_stranger_max: int = SESSIONS_PER_STRANGER_MAX
    keys_per_stranger_session_max: int = KEYS_PER_STRANGER_SESSION_MAX

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) <= 0:
                raise LocalProtocolError(f"{name} is a positive number")
