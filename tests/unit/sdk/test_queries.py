import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import (
    Chat,
    ChatId,
    ChatKind,
    Contact,
    Device,
    Group,
    Message,
    MessageState,
    Place,
    Profile,
    Reaction,
    Recipient,
)
from sottovoce.chat.stores import HistoryReader
from sottovoce.gossip.traffic import Carried
from sottovoce.mail.client_events import FetchDone, ServerState, ServerStatus
from sottovoce.node.budget import Budget
from sottovoce.node.traffic import NodeTraffic
from sottovoce.payloads.message_id import MessageId
from sottovoce.sdk import queries
from sottovoce.sdk.messages import PeerInfo
from sottovoce.sdk.queries import Query, Whereabouts
from sottovoce.sdk.traffic import TrafficReport
from unit.runtime.lane_scene import KEY
from unit.sdk.test_json_form import ID, MESSAGE

ReadT = TypeVar("ReadT")

CHAT = Chat(ChatId("lobby"), ChatKind.PUBLIC)
CONTACT = Contact(KEY)
REACTION = Reaction(ID, ChatId("lobby"), KEY, 1, 1)
GROUP = Group(ChatId("walk"), "Walk", (KEY,), (KEY,), (KEY,), 1)
DEVICE = Device("desk", is_this=True)
RECIPIENT = Recipient(ID, KEY)
PEER = PeerInfo(PublicKey(bytes(64)), "geth", "10.0.0.1", inbound=False)


BUDGET = Budget(5, 10, is_bound=False, resumes_unix_s=86400)
TRAFFIC = TrafficReport(NodeTraffic(Carried(), (), (), 1, 2))
SERVER = ServerStatus(KEY, "10.0.0.2", 30303, ServerState.IDLE, 1.0, 0, 0, 0, None)
FETCHED = FetchDone(7, complete=True, envelopes=2, new=1)
PUBLIC = Whereabouts(public_chats=("lobby",))


class Desk:
    """A place with one mailserver."""

    def standing(self) -> tuple[ServerStatus, ...]:
        return (SERVER,)

    async def trust(self, urls: tuple[str, ...], pinned: str | None) -> tuple[ServerStatus, ...]:
        assert (urls, pinned) == (("enode://",), None)
        return (SERVER,)

    async def fetch(
        self, where: Whereabouts | None, since_s: int | None, timeout_s: float
    ) -> FetchDone:
        assert (since_s, timeout_s) == (60, 5.0)
        return ALL if where is None else FETCHED if where == PUBLIC else FAR


ALL = FetchDone(None, complete=True, envelopes=0, new=0)
FAR = FetchDone(None, complete=False, envelopes=0, new=0, detail="elsewhere")


class Library:
    """A place with one thing of each kind."""

    def __init__(self) -> None:
        self._store = MemoryChatStore()
        self._store.save_chat(CHAT)
        self._store.save_contact(CONTACT)
        self._store.save_message(MESSAGE)
        self._store.save_reaction(REACTION)
        self._store.save_group(GROUP)
        self._store.save_device(DEVICE)
        self._store.save_recipient(RECIPIENT)

    @property
    def mail(self) -> "Desk":
        return Desk()

    async def read(self, how: Callable[[HistoryReader], ReadT]) -> ReadT:
        return how(self._store)

    async def own_bundle(self) -> bytes:
        return b"bundle"

    async def traffic_report(self) -> TrafficReport:
        return TRAFFIC

    def budget(self) -> Budget | None:
        return BUDGET

    def list_peers(self) -> tuple[PeerInfo, ...]:
        return (PEER,)

    async def connect_peer(self, enode: str, timeout_s: float) -> PeerInfo:
        assert (enode, timeout_s) == ("enode://", 3.0)
        return PEER

    async def await_state(
        self, message_id: MessageId, states: tuple[MessageState, ...], timeout_s: float
    ) -> Message:
        assert (message_id, states, timeout_s) == (ID, (MessageState.SENT,), 4.0)
        return MESSAGE


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (queries.ListChats(), (CHAT,)),
        (queries.ListContacts(), (CONTACT,)),
        (queries.ListGroups(), (GROUP,)),
        (queries.ListDevices(), (DEVICE,)),
        (queries.ListRecipients(ID), (RECIPIENT,)),
        (queries.ReadProfile(), Profile()),
        (queries.ReadMessage(ID), MESSAGE),
        (queries.ReadMessage(MessageId(bytes(32))), None),
        (queries.FindMessages(ID.hex()[:6]), (MESSAGE,)),
        (queries.ReadPage(CHAT.id, None, 5), (MESSAGE,)),
        (queries.ReadPage(CHAT.id, Place(1, ID), 5), ()),
        (queries.SearchMessages("nothing", None, None, 5), ()),
        (queries.ReadReactions((ID,)), (REACTION,)),
        (queries.ReadBundle(), b"bundle"),
        (queries.ListPeers(), (PEER,)),
        (queries.ReadTraffic(), TRAFFIC),
        (queries.ReadBudget(), BUDGET),
        (queries.ConnectPeer("enode://", 3.0), PEER),
        (queries.AwaitState(ID, (MessageState.SENT,), 4.0), MESSAGE),
        (queries.ListMailservers(), (SERVER,)),
        (queries.TrustMailservers(("enode://",), None), (SERVER,)),
        (queries.FetchHistory(None, 60, 5.0), ALL),
        (queries.FetchHistory(CHAT.id, 60, 5.0), FETCHED),
    ],
    ids=lambda it: type(it).__name__,
)
def test_query_is_answered_from_its_place(query: Query[object], answer: object) -> None:
    assert asyncio.run(query.answer(Library())) == answer
