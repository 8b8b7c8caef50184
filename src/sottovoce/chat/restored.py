"""What feeds have to do once when an older copy of what is stored has taken its place.

Spec: none; docs/decisions/0010-devices-feed-each-other.md, "Lives".
"""

from dataclasses import replace

from sottovoce.base.entropy import Entropy
from sottovoce.chat.feed_life import next_life
from sottovoce.chat.feed_stores import FeedStore


def begin_new_life(store: FeedStore, entropy: Entropy, now_unix_ms: int) -> None:
    """Let every device get our list from its beginning; in the open transaction.

    The copy gives numbers a second time. A device that has the records that they meant before
    would count as having what they mean now.
    """
    life = store.load_life()
    if not life:
        return  # No other device was ever enabled.
    store.save_life(next_life(entropy, now_unix_ms, above=life))
    for device in store.devices():
        store.save_device(replace(device, said=0, done=0))
