"""What has to happen once when an older copy of what a person keeps has taken its place.

Spec: none; deployed clients do not notice (docs/spec-deviations.md, "Choice of session" and
"Devices of one person").
"""

from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.restored import begin_new_life
from sottovoce.node.person_store import PersonStore
from sottovoce.stack import restored

_MILLISECONDS: Final = 1000


def start_anew(
    identity: PrivateKey,
    installation_id: str,
    store: PersonStore,
    entropy: Entropy,
    now: Moment,
) -> None:
    """Let nothing of the lost time be used twice or lost; in the open transaction.

    Nothing more is sent on sessions whose next keys may have been used. Our other devices get our
    list of changes from its beginning, and what was on its way leaves again as soon as one of them
    brings it back.

    Args:
        identity: The identity's private key.
        installation_id: The name of this device.
        store: What it keeps.
        entropy: Where keys are drawn from.
        now: The time.

    Raises:
        LocalProtocolError: The installation id cannot be one, or a stored record is damaged.
        InvalidKeyError: The private key is not below the order of the curve.
    """
    restored.start_anew(identity, installation_id, store.below_chat, entropy)
    now_unix_ms = int(now.unix_s * _MILLISECONDS)
    begin_new_life(store.feed, entropy, now_unix_ms)
    store.feed.save_went_back(now_unix_ms)
