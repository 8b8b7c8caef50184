"""The store of dictionaries; what every such store promises is in `tests/contract`."""

from sottovoce.mail.memory_store import MemoryMailStore
from unit.mail.history import TOPIC, key


def test_what_is_returned_does_not_change_with_the_store() -> None:
    store = MemoryMailStore()
    topics, servers = store.load_topics(), store.load_servers()
    store.save_topic(TOPIC, 1)
    store.save_server(key(1), 1)
    assert (topics, servers) == ({}, {})
