from sottovoce.sim.topics_person import make_listener
from sottovoce.stack.topics import contact_code, partitioned, public_chat


def test_a_person_listens_to_contacts_chats_and_themself() -> None:
    listener = make_listener(1, contacts=2, chats=2)
    announced = listener.announced()
    assert {contact_code(key).topic for key in listener.contacts} < announced
    assert {public_chat(f"chat-{number}").topic for number in range(2)} < announced
    assert partitioned(listener.key).topic in announced
    # Two contacts have two codes and two negotiated topics; beside them chats and the partition.
    assert len(announced) == 2 + 2 + 2 + 1


def test_what_says_who_a_person_is_is_not_announced() -> None:
    listener = make_listener(1, contacts=0, chats=0)
    assert listener.announced() == {partitioned(listener.key).topic}
    heard = {topic for wanted in listener.filters for topic in wanted.topics}
    assert contact_code(listener.key).topic in heard
