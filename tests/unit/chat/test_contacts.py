import base64

from sottovoce.chat.commands import (
    AddContact,
    BlockContact,
    LeaveChat,
    OpenOneToOne,
    RemoveContact,
    SendMessage,
    SetProfile,
    VerifyContact,
)
from sottovoce.chat.events import ChatChanged, ContactChanged, Done, Unshown
from sottovoce.chat.records import Contact, Profile
from sottovoce.chat.settings import ChatSettings
from sottovoce.stack import destinations
from sottovoce.stack.events import BundleLearned, MessageSubmitted, MessageWithdrawn, PeopleChanged
from unit.chat.people import NOW_MS, Person, one, only, private

PICTURE = "data:image/gif;base64," + base64.b64encode(b"GIF89a" + bytes(9)).decode()


def test_added_contact_is_followed_and_answered(anna: Person, bruno: Person) -> None:
    outputs = anna.do(AddContact(bruno.key, nickname="Bru"))
    people = one(PeopleChanged, outputs)
    assert people.followed == people.answered == {bruno.key}
    contact = one(ContactChanged, outputs).contact
    assert (contact.added, contact.nickname) == (True, "Bru")
    assert one(Done, outputs).result == contact == anna.contact(bruno)


def test_chat_of_an_added_contact_is_hidden_until_somebody_writes(
    anna: Person, bruno: Person
) -> None:
    anna.add(bruno)
    assert (anna.chat(bruno.id).active, anna.chat(bruno.id).accepted) == (False, True)
    assert one(ChatChanged, anna.arrives(private(anna), bruno)).chat.active


def test_adding_a_stranger_keeps_the_chat_shown(anna: Person, bruno: Person) -> None:
    anna.hears(bruno)
    anna.add(bruno)
    assert (anna.chat(bruno.id).active, anna.chat(bruno.id).accepted) == (True, True)


def test_bundle_of_a_link_is_learned_before_the_request_leaves(anna: Person, bruno: Person) -> None:
    outputs = anna.do(AddContact(bruno.key, bundle=b"bundle"))
    learned, submitted = one(BundleLearned, outputs), one(MessageSubmitted, outputs)
    assert (learned.owner, learned.bundle) == (bruno.key, b"bundle")
    assert outputs.index(learned) < outputs.index(submitted)


def test_adding_again_changes_the_nickname_and_tells_nobody(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    outputs = anna.do(AddContact(bruno.key, nickname="Bru"))
    assert one(ContactChanged, outputs).contact.nickname == "Bru"
    assert only(MessageSubmitted, outputs) == []
    assert len(anna.do(AddContact(bruno.key, nickname="Bru"))) == 1


def test_contact_that_cannot_be_is_refused(anna: Person, bruno: Person) -> None:
    anna.do(BlockContact(bruno.key))
    assert "own key" in anna.refused(AddContact(anna.key))
    assert "blocked" in anna.refused(AddContact(bruno.key))
    carla = Person(3).key
    assert "256" in anna.refused(AddContact(carla, nickname="è" * 129))
    assert "Unicode" in anna.refused(AddContact(carla, nickname="\ud800"))
    assert "2048" in anna.refused(AddContact(carla, bundle=bytes(2049)))


def test_contacts_are_bounded(bruno: Person) -> None:
    few = Person(1, settings=ChatSettings(contacts_max=1))
    few.add(bruno)
    assert "1 contacts" in few.refused(AddContact(Person(3).key))
    few.do(RemoveContact(bruno.key))
    few.add(Person(3))


def test_chat_of_a_contact_needs_room(bruno: Person) -> None:
    few = Person(1, settings=ChatSettings(chats_max=1))
    few.join()
    assert "1 chats" in few.refused(AddContact(bruno.key))


def test_removed_contact_is_a_stranger_again(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    outputs = anna.do(RemoveContact(bruno.key))
    people = one(PeopleChanged, outputs)
    assert people.followed == people.answered == frozenset()
    assert not one(ContactChanged, outputs).contact.added
    anna.hears(bruno)
    assert not anna.chat(bruno.id).accepted


def test_chat_of_a_removed_contact_stays(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    anna.say("Ciao", bruno.id)
    anna.do(RemoveContact(bruno.key))
    assert anna.chat(bruno.id).accepted
    assert anna.people().answered == {bruno.key}
    assert anna.texts(bruno.id) == ["Ciao"]


def test_chat_of_a_removed_contact_stays_even_if_it_was_left(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    anna.hears(bruno)
    anna.do(LeaveChat(bruno.id))
    anna.do(RemoveContact(bruno.key))
    assert anna.chat(bruno.id).accepted


def test_request_to_somebody_who_is_blocked_is_withdrawn(anna: Person, bruno: Person) -> None:
    request = one(MessageSubmitted, anna.add(bruno))
    withdrawn = one(MessageWithdrawn, anna.do(BlockContact(bruno.key)))
    assert withdrawn == MessageWithdrawn(request.message_id, request.destination)


def test_removed_contact_takes_nothing_from_others_who_were_told_with_them(
    anna: Person, bruno: Person, carla: Person
) -> None:
    anna.add(bruno)
    anna.add(carla)
    told = only(MessageSubmitted, anna.do(SetProfile("anna.eth")))
    assert len({it.message_id for it in told}) == 1
    withdrawn = one(MessageWithdrawn, anna.do(RemoveContact(bruno.key)))
    assert withdrawn == MessageWithdrawn(told[0].message_id, destinations.Contact(bruno.key))


def test_only_a_contact_can_be_removed(anna: Person, bruno: Person) -> None:
    assert "no contact" in anna.refused(RemoveContact(bruno.key))


def test_blocked_contact_is_ignored_and_hidden(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    anna.hears(bruno)
    outputs = anna.do(BlockContact(bruno.key))
    people = one(PeopleChanged, outputs)
    assert people.ignored == {bruno.key}
    assert people.followed == people.answered == frozenset()
    assert not one(ChatChanged, outputs).chat.active
    assert one(ContactChanged, outputs).contact.blocked
    assert len(anna.do(BlockContact(bruno.key))) == 1


def test_unblocked_contact_is_a_contact_as_before(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    anna.do(BlockContact(bruno.key))
    people = one(PeopleChanged, anna.do(BlockContact(bruno.key, blocked=False)))
    assert people.answered == {bruno.key}
    assert people.ignored == frozenset()
    anna.hears(bruno)
    assert anna.chat(bruno.id).active


def test_block_outlives_a_restart(anna: Person, bruno: Person) -> None:
    anna.do(BlockContact(bruno.key))
    anna.start()
    assert anna.drops(private(anna), bruno) is Unshown.BLOCKED


def test_nobody_blocks_themselves(anna: Person) -> None:
    assert "own key" in anna.refused(BlockContact(anna.key))
    assert "own key" in anna.refused(VerifyContact(anna.key))


def test_people_who_are_noted_are_bounded(anna: Person, bruno: Person) -> None:
    few = Person(1, settings=ChatSettings(noted_max=1))
    few.do(BlockContact(bruno.key))
    assert "1 people" in few.refused(BlockContact(Person(3).key))
    few.do(VerifyContact(bruno.key))


def test_verification_is_noted_and_taken_back(anna: Person, bruno: Person) -> None:
    assert anna.result(Contact, VerifyContact(bruno.key)).verified
    assert len(anna.do(VerifyContact(bruno.key))) == 1
    assert not anna.result(Contact, VerifyContact(bruno.key, verified=False)).verified


def test_profile_is_kept(anna: Person) -> None:
    profile = Profile("anna.eth", PICTURE, NOW_MS)
    assert anna.result(Profile, SetProfile("anna.eth", PICTURE)) == profile
    assert anna.store.load_profile() == profile
    anna.start()
    anna.join()
    assert anna.say().ens_name == "anna.eth"


def test_profile_that_nobody_would_accept_is_refused(anna: Person) -> None:
    assert "1024" in anna.refused(SetProfile(1025 * "a"))
    assert "data URI" in anna.refused(SetProfile("", "nonsense"))
    assert "data URI" in anna.refused(SetProfile("", PICTURE + 300_000 * "A"))
    assert "Unicode" in anna.refused(SetProfile("\ud800"))


def test_open_chat_with_somebody_who_is_no_contact_is_followed_until_it_is_left(
    anna: Person, bruno: Person
) -> None:
    anna.do(OpenOneToOne(bruno.key))
    anna.do(SendMessage(bruno.id, "Ciao"))
    assert anna.people().followed == {bruno.key}
