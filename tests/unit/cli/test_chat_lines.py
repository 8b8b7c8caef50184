from dataclasses import replace

import pytest

from sottovoce.chat.records import Chat, ChatId, ChatKind, Group, MessageState, Reaction
from sottovoce.cli.chat_lines import (
    Lines,
    chat_fields,
    content_name,
    face,
    message_fields,
    moment,
    reaction_fields,
    short_id,
    shortened,
)
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.reaction import ReactionType
from sottovoce.secure.facts import Secrecy
from unit.cli.person_records import ANNA, BOOK, BRUNO, LOBBY, NOON, OWN, SAID

PLAIN = Lines(BOOK, is_coloured=False)
LOVE = Reaction(OWN.id, OWN.chat_id, BRUNO.public, ReactionType.LOVE, 9)
WHEN = moment(NOON)
NOTE = replace(
    SAID,
    text=f"@{BRUNO.hex_key} joined the group",
    content_type=ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP,
    secrecy=None,
)
WALK = Chat(ChatId("3f0c0f5e-1"), ChatKind.GROUP, name="walk", unread_count=2)


def test_message_of_somebody_has_time_name_text_and_secrecy() -> None:
    assert PLAIN.message(SAID, quoted=None) == f"{WHEN}  1f2e3d4c  Bruno: ciao  [forward secrecy]"


def test_message_of_ours_has_its_state_quote_and_faces() -> None:
    assert PLAIN.message(OWN, quoted=SAID, reactions=[LOVE]) == (
        f"{WHEN}  aabbccdd  you: ciao anche  [sent to 2 peer(s), forward secrecy]\n"
        "    > Bruno: ciao\n"
        "    \N{HEAVY BLACK HEART} Bruno"
    )


def test_message_that_was_found_names_its_chat() -> None:
    line = PLAIN.message(replace(SAID, chat_id=LOBBY), quoted=None, with_chat=True)
    assert line == f"{WHEN}  1f2e3d4c  #lobby  Bruno: ciao  [forward secrecy]"


def test_quote_of_a_message_that_is_not_here_says_so() -> None:
    assert PLAIN.message(OWN, quoted=None).endswith("\n    > a message that is not here")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (MessageState.QUEUED, "[queued]"),
        (MessageState.SENT, "[sent to 2 peer(s), forward secrecy]"),
        (MessageState.STORED, "[stored by a mailserver, forward secrecy]"),
        (MessageState.ACKNOWLEDGED, "[acknowledged, forward secrecy]"),
        (MessageState.FAILED, "[failed: nobody came back]"),
    ],
)
def test_every_state_is_shown(state: MessageState, words: str) -> None:
    message = replace(OWN, state=state, reason="nobody came back", response_to="")
    assert PLAIN.message(message, quoted=None).endswith(words)
    assert PLAIN.state(message) == f"aabbccdd  {words[1:-1]}"


def test_message_that_another_device_of_ours_sent_says_so() -> None:
    message = replace(OWN, state=MessageState.SENT, peer_count=0, response_to="")
    assert PLAIN.state(message) == "aabbccdd  sent from another device, forward secrecy"


@pytest.mark.parametrize(
    ("secrecy", "words"),
    [
        (Secrecy.PUBLIC, "[public]"),
        (Secrecy.DH_ONLY, "[no forward secrecy]"),
        (Secrecy.RATCHET, "[forward secrecy]"),
    ],
)
def test_every_secrecy_is_shown(secrecy: Secrecy, words: str) -> None:
    assert PLAIN.message(replace(SAID, secrecy=secrecy), quoted=None).endswith(words)


def test_message_in_a_group_says_how_many_have_it() -> None:
    partly = replace(OWN, recipient_count=3, acknowledged_count=2, response_to="")
    wholly = replace(partly, acknowledged_count=3, state=MessageState.ACKNOWLEDGED)
    for message, words in (
        (partly, "sent to 2 peer(s), acknowledged by 2 of 3, forward secrecy"),
        (wholly, "acknowledged by 3 of 3, forward secrecy"),
    ):
        assert PLAIN.message(message, quoted=None).endswith(f"you: ciao anche  [{words}]")


def test_note_on_a_group_is_no_message() -> None:
    assert PLAIN.message(NOTE, quoted=None) == f"{WHEN}  1f2e3d4c  -- Bruno joined the group"


def test_group_in_a_list_says_whether_we_are_in_it() -> None:
    group = Group(WALK.id, "walk", (BRUNO.public, ANNA.public), (BRUNO.public,), (), 3)
    for members, joined, words in (
        (group.members, group.joined, "you are invited, 2 unread"),
        (group.members, group.members, "2 members, 2 unread"),
        (group.joined, group.joined, "you are not in it any more, 2 unread"),
    ):
        now = replace(group, members=members, joined=joined)
        lines = Lines(replace(BOOK, chats=(WALK,), groups={WALK.id: now}), is_coloured=False)
        assert lines.chat(WALK, None) == f"walk  (group, {words})"
        assert lines.chat(WALK, NOTE).endswith(f"\n    {WHEN}  -- Bruno joined the group")


def test_what_steers_a_terminal_or_hides_is_harmless() -> None:
    evil = "a\x1b[2Jb\N{RIGHT-TO-LEFT OVERRIDE}c\nd\x07"
    message = replace(SAID, text=evil)
    whole = "\n".join(
        (
            PLAIN.message(message, quoted=message, reactions=[LOVE]),
            PLAIN.message(OWN, quoted=message),
            PLAIN.chat(BOOK.chats[0], message),
        )
    )
    assert not set(whole) & set("\x1b\x07\N{RIGHT-TO-LEFT OVERRIDE}")
    assert len(PLAIN.message(message, quoted=None).splitlines()) == 1


def test_chat_has_kind_unread_count_and_what_was_said_last() -> None:
    last = replace(SAID, chat_id=LOBBY, text="x" * 100, secrecy=Secrecy.PUBLIC)
    assert PLAIN.chat(BOOK.chats[0], last) == (
        f"#lobby  (public, 2 unread)\n    {WHEN}  Bruno: {'x' * 47}…  [public]"
    )
    assert PLAIN.chat(replace(BOOK.chats[1], muted=True), None) == "Bruno  (one-to-one, muted)"


def test_colours_are_written_only_where_they_are_wanted() -> None:
    coloured = Lines(BOOK, is_coloured=True).message(SAID, quoted=None)
    assert coloured == (
        f"\x1b[2m{WHEN}  1f2e3d4c  \x1b[0m\x1b[1mBruno\x1b[0m: ciao"
        "\x1b[2m  [forward secrecy]\x1b[0m"
    )


def test_face_that_comes_or_goes_is_one_line() -> None:
    heart = "\N{HEAVY BLACK HEART}"
    assert PLAIN.reaction(LOVE) == f"aabbccdd  Bruno puts {heart}"
    assert PLAIN.reaction(replace(LOVE, retracted=True)) == f"aabbccdd  Bruno takes back {heart}"


def test_numbers_that_nobody_knows_do_no_harm() -> None:
    assert face(99) == "?"
    assert face(ReactionType.UNKNOWN_EMOJI_REACTION_TYPE) == "?"
    assert content_name(99) == "99"
    assert reaction_fields(replace(LOVE, type=99))["face"] == "99"
    assert PLAIN.message(replace(SAID, content_type=99), quoted=None)
    assert moment(2**64).startswith("at no time")
    assert PLAIN.message(replace(SAID, content_type=ContentType.IMAGE), quoted=None).endswith(
        "[picture] ciao  [forward secrecy]"
    )


def test_programs_get_everything_as_it_is() -> None:
    assert message_fields(BOOK, OWN, [LOVE]) == {
        "id": "0xaabbccdd" + "00" * 28,
        "chat": OWN.chat_id,
        "author": ANNA.hex_key,
        "author_name": "you",
        "own": True,
        "text": "ciao anche",
        "content_type": "text_plain",
        "written_unix_ms": NOON,
        "clock": 8,
        "response_to": "0x1f2e3d4c" + "00" * 28,
        "secrecy": "forward secrecy",
        "state": "sent",
        "peers": 2,
        "recipients": 0,
        "acknowledged": 0,
        "reason": "",
        "reactions": [
            {
                "message": "0xaabbccdd" + "00" * 28,
                "author": BRUNO.hex_key,
                "face": "love",
                "retracted": False,
            }
        ],
    }
    assert chat_fields(BOOK, BOOK.chats[0])["name"] == "#lobby"
    assert message_fields(BOOK, replace(OWN, secrecy=None))["secrecy"] is None


def test_long_texts_are_cut_and_ids_are_short() -> None:
    assert (shortened("12345", 5), shortened("123456", 5)) == ("12345", "1234…")
    assert short_id(OWN.id) == "aabbccdd"
