"""Names of records in the list of changes."""

from sottovoce.chat.feed_keys import chat_key, contact_key, reaction_key, read_reaction_key
from sottovoce.chat.records import Reaction
from sottovoce.payloads.message_id import MessageId
from unit.chat.feed_scene import BRUNO, LOBBY


def test_name_of_a_reaction_comes_apart_again() -> None:
    reaction = Reaction(MessageId(bytes(range(32))), LOBBY, BRUNO.key, 6, 5)
    assert read_reaction_key(reaction_key(reaction)) == (reaction.message_id, BRUNO.key, 6)


def test_names_are_the_raw_bytes() -> None:
    assert contact_key(BRUNO.key) == BRUNO.key.raw
    assert chat_key(LOBBY) == b"lobby"
