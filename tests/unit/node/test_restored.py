"""What happens once when an older copy of a person's store has taken its place."""

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.node.restored import start_anew
from sottovoce.sim.entropy import SeededEntropy


def test_time_of_going_back_is_noted_for_what_was_on_its_way() -> None:
    store = MemoryPersonStore()
    store.begin()
    now = Moment(5.0, 1_590_000_000.25)
    start_anew(PrivateKey(b"\x01" * 32), "phone", store, SeededEntropy(1), now)
    store.commit()
    assert store.feed.went_back_unix_ms() == 1_590_000_000_250
    store.close()
