"""What every messenger does with commands and queries, whoever carries them out."""

import asyncio
from typing import cast

import pytest
from typing_extensions import override

from sottovoce.base.quantities import PublicKey
from sottovoce.chat import commands
from sottovoce.chat.records import (
    Chat,
    ChatId,
    ChatKind,
    Device,
    Group,
    Message,
    MessageState,
    Place,
)
from sottovoce.payloads.contact_id import contact_id
from sottovoce.sdk import queries
from sottovoce.sdk.events import EventSubscription
from sottovoce.sdk.messenger_port import CommandResult, MessengerPort
from sottovoce.sdk.queries import PAGE_MAX, AnswerT, Query
from unit.runtime.lane_scene import KEY
from unit.sdk.test_json_form import ID, MESSAGE

LOBBY = Chat(ChatId("lobby"), ChatKind.PUBLIC)
WALK = Group(ChatId("walk"), "Walk", (KEY,), (KEY,), (KEY,), 1)
PHONE = Device("phone")
WITH_KEY = Chat(ChatId(contact_id(KEY)), ChatKind.ONE_TO_ONE)


class Noting(MessengerPort):
    """Notes what is asked, and answers what the test says."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)
        self.asked: list[object] = []

    @property
    @override
    def public_key(self) -> PublicKey:
        return KEY

    @override
    async def ask(self, command: commands.Command) -> CommandResult:
        self.asked.append(command)
        return cast("CommandResult", self._answers.pop(0))

    @override
    async def query(self, query: Query[AnswerT]) -> AnswerT:
        self.asked.append(query)
        return cast("AnswerT", self._answers.pop(0))

    @override
    async def events(self, *, queue_max: int = 1) -> EventSubscription:
        raise AssertionError("nobody listens here")


def test_own_link_carries_a_bundle_only_if_wanted() -> None:
    assert asyncio.run(Noting().link()) == f"status-im://u/{contact_id(KEY)}"
    assert asyncio.run(Noting(b"abc").link(with_bundle=True)).endswith("#bundle=YWJj")
    assert asyncio.run(Noting().link(web=True)).startswith("https://join.status.im/u/")


def test_state_that_is_waited_for_counts_with_those_beyond_it() -> None:
    port = Noting(MESSAGE)
    asyncio.run(port.wait_for_state(MESSAGE, MessageState.SENT, timeout_s=3))
    states = (MessageState.SENT, MessageState.STORED, MessageState.ACKNOWLEDGED)
    assert port.asked == [queries.AwaitState(ID, states, 3)]


@pytest.mark.parametrize(
    ("chat", "states"),
    [
        (LOBBY, (MessageState.SENT, MessageState.STORED, MessageState.ACKNOWLEDGED)),
        (WITH_KEY, (MessageState.ACKNOWLEDGED,)),
    ],
    ids=["public", "one to one"],
)
def test_delivered_means_as_far_as_can_be_known(
    chat: Chat, states: tuple[MessageState, ...]
) -> None:
    message = Message(ID, chat.id, KEY, 1, 1, 1, 1, "x")
    port = Noting(message, (chat,), message)
    asyncio.run(port.delivered(message))
    assert port.asked[-1] == queries.AwaitState(ID, states, 60.0)


def test_pages_are_bounded_and_go_on_behind_a_message() -> None:
    port = Noting((), ())
    asyncio.run(port.history(LOBBY, before=MESSAGE, limit=10_000))
    asyncio.run(port.search("word", chat=LOBBY, limit=3))
    place = Place(MESSAGE.clock, ID)
    assert port.asked == [
        queries.ReadPage(LOBBY.id, place, PAGE_MAX),
        queries.SearchMessages("word", LOBBY.id, None, 3),
    ]


def test_public_name_may_begin_with_its_sign() -> None:
    port = Noting(LOBBY, LOBBY)
    asyncio.run(port.join("#lobby"))
    asyncio.run(port.join("lobby"))
    assert port.asked == [commands.JoinPublicChat("lobby")] * 2


def test_verbs_of_groups_are_commands() -> None:
    async def do(port: Noting) -> list[object]:
        wishes = (
            port.create_group("Walk", KEY),
            port.join_group(WALK),
            port.add_members(WALK, KEY),
            port.remove_member(WALK, KEY),
            port.promote(WALK, KEY),
            port.resign_admin(WALK),
            port.rename_group(WALK, "Run"),
        )
        assert [await wish for wish in wishes] == [WALK] * len(wishes)
        return [each for each in port.asked if not isinstance(each, queries.ListGroups)]

    answers = [WALK, *[(WALK,), WALK] * 6]
    assert asyncio.run(do(Noting(*answers))) == [
        commands.CreateGroup("Walk", (KEY,)),
        commands.JoinGroup(WALK.chat_id),
        commands.AddMembers(WALK.chat_id, (KEY,)),
        commands.RemoveMember(WALK.chat_id, KEY),
        commands.PromoteMembers(WALK.chat_id, (KEY,)),
        commands.ResignAdmin(WALK.chat_id),
        commands.RenameGroup(WALK.chat_id, "Run"),
    ]


def test_verbs_of_devices_are_commands() -> None:
    async def do(port: Noting) -> list[object]:
        wishes = (
            port.introduce_device("Phone", kind="mobile"),
            port.enable_device(PHONE),
            port.enable_device(PHONE, enabled=False),
            port.sync_devices(),
        )
        assert [await wish for wish in wishes] == [PHONE] * len(wishes)
        return port.asked

    assert asyncio.run(do(Noting(*[PHONE] * 4))) == [
        commands.IntroduceDevice("Phone", "mobile"),
        commands.EnableDevice("phone"),
        commands.EnableDevice("phone", enabled=False),
        commands.SyncDevices(),
    ]
