from dataclasses import replace

import pytest

from sottovoce.chat.records import Chat, ChatId, ChatKind, Contact
from sottovoce.cli.naming import AddressBook, chat_like, find_chat, find_person, partner
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.crypto.secp256k1 import compress
from sottovoce.identity.contact_link import ContactLink
from sottovoce.identity.public_key_text import compact_key, hex_key, uncompressed_key
from unit.cli.person_records import ANNA, BOOK, BRUNO, LOBBY, WITH_BRUNO

KEY_TEXTS = [
    hex_key(BRUNO.public),
    "0x" + compress(BRUNO.public).hex(),
    compact_key(BRUNO.public),
    compact_key(BRUNO.public, base="f"),
    compact_key(BRUNO.public, base="u"),
    ContactLink(BRUNO.public).text(),
    ContactLink(BRUNO.public).text(web=True),
    f"  {hex_key(BRUNO.public)}\n",
]
NAMES = ["Bruno", "bruno", BRUNO.alias(), hex_key(BRUNO.public)[:8], compact_key(BRUNO.public)[:9]]


@pytest.mark.parametrize("text", KEY_TEXTS + NAMES)
def test_person_is_found_by_every_form_of_key_and_name(text: str) -> None:
    assert find_person(BOOK, text) == ContactLink(BRUNO.public)
    assert find_chat(BOOK, text) == WITH_BRUNO


@pytest.mark.parametrize("text", KEY_TEXTS)
def test_person_who_is_not_here_is_found_by_their_key_alone(text: str) -> None:
    nobody = AddressBook(ANNA.public, (), {})
    assert find_person(nobody, text).key == BRUNO.public


def test_link_keeps_its_bundle() -> None:
    link = ContactLink(BRUNO.public, b"signed elsewhere")
    assert find_person(BOOK, link.text()) == link


@pytest.mark.parametrize("text", ["#lobby", "lobby"])
def test_public_chat_is_found_by_its_name(text: str) -> None:
    assert find_chat(BOOK, text) == LOBBY


def test_public_chat_that_is_not_here_is_named_with_a_mark() -> None:
    assert find_chat(BOOK, "#elsewhere") == "elsewhere"


@pytest.mark.parametrize(
    "text", ["Bru", "lob", "nobody", "0x04", "zQ3sh", hex_key(ANNA.public)[:9]]
)
def test_name_that_only_begins_so_is_nobody(text: str) -> None:
    for find in (find_chat, find_person):
        with pytest.raises(CommandError, match="nobody here is called") as caught:
            find(BOOK, text)
        assert caught.value.code is ExitCode.USAGE


def test_several_that_fit_are_listed_with_their_keys() -> None:
    both = replace(
        BOOK,
        contacts={
            key.public: Contact(key.public, nickname="Ann\N{RIGHT-TO-LEFT OVERRIDE}e")
            for key in (ANNA, BRUNO)
        },
    )
    for find in (find_chat, find_person):
        with pytest.raises(CommandError, match="several fit: ") as caught:
            find(both, "Ann\N{RIGHT-TO-LEFT OVERRIDE}e")
        assert hex_key(BRUNO.public)[:16] in str(caught.value)
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in str(caught.value)


def test_public_chat_and_person_of_one_name_are_told_apart() -> None:
    book = replace(BOOK, chats=(*BOOK.chats, Chat(ChatId("Bruno"), ChatKind.PUBLIC)))
    with pytest.raises(CommandError, match="several fit: #Bruno, Bruno"):
        find_chat(book, "Bruno")
    assert find_chat(book, "#Bruno") == "Bruno"


def test_group_of_a_stranger_takes_no_name_that_is_in_use() -> None:
    group = Chat(ChatId("0123abcd-group"), ChatKind.GROUP, accepted=False, name="Bruno")
    book = replace(BOOK, chats=(*BOOK.chats, group))
    assert find_chat(book, "Bruno") == WITH_BRUNO
    assert find_chat(book, "0123abcd") == group.id
    ours = replace(group, id=ChatId("0123abcd-ours"), accepted=True, name="walk")
    book = replace(BOOK, chats=(ours, replace(group, name="Walk")))
    assert find_chat(book, "walk") == find_chat(book, "0123abcd") == ours.id
    assert find_chat(book, "0123abcd-group") == group.id


@pytest.mark.parametrize("text", ["bruno.stateofus.eth", "bruno.eth", "status-im://u/bruno.eth"])
def test_ens_name_cannot_be_resolved_yet(text: str) -> None:
    with pytest.raises(CommandError, match="a name of ENS, which cannot be resolved yet"):
        find_person(BOOK, text)


@pytest.mark.parametrize("text", ["status-im://lobby", "status-im://b/example.org"])
def test_link_to_something_else_is_no_person(text: str) -> None:
    with pytest.raises(CommandError, match="does not lead to a person"):
        find_person(BOOK, text)


def test_stranger_with_a_chat_is_called_by_three_words() -> None:
    stranger = replace(BOOK, contacts={})
    assert stranger.person_name(BRUNO.public) == BRUNO.alias()
    assert find_chat(stranger, BRUNO.alias().upper()) == WITH_BRUNO
    assert stranger.person_name(ANNA.public) == "you"


def test_chats_are_given_to_the_sdk_as_it_knows_them() -> None:
    assert chat_like(LOBBY) == "#lobby"
    assert chat_like(WITH_BRUNO) == BRUNO.public
    assert partner(LOBBY) is None
    assert BOOK.chat_name(LOBBY) == "#lobby"


def test_uncompressed_multibase_text_is_no_key_of_chats() -> None:
    with pytest.raises(CommandError, match="no key and no link"):
        find_person(BOOK, uncompressed_key(BRUNO.public))
