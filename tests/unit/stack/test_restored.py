from sottovoce.sim.entropy import SeededEntropy
from sottovoce.stack.restored import start_anew
from unit.stack.post_office import arrived, talking


def test_conversation_goes_on_with_a_new_session() -> None:
    _, alice, bob = talking()
    before = set(alice.stores.secure.sessions())
    start_anew(alice.private, alice.installation_id, alice.stores, SeededEntropy("anew", 1))
    bob.heard.clear()
    alice.say("it is me, from a copy", bob)
    assert [fact.payload for fact in arrived(bob)]
    assert set(alice.stores.secure.sessions()) != before
