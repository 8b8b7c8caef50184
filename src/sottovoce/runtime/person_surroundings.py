"""What a lane knows of the world around its person, so that a person made anew can be told.

It turns facts of the node into what the person has to hear, and remembers what outlives one made
person: who is connected, which mailservers are trusted, who waits for history. A page that was
asked for belongs to the person that asked; when that is no more, nothing is taken of it.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from sottovoce.mail.client_events import (
    FetchAsked,
    FetchDone,
    OnlineChanged,
    PageEnd,
    ServersChanged,
)
from sottovoce.node import effects, inputs
from sottovoce.node.budget import Budget, refusal_of
from sottovoce.node.person import is_of
from sottovoce.stack.events import PeersChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sottovoce.base.quantities import PublicKey
    from sottovoce.node.person_events import PersonInput, PersonOutput
    from sottovoce.runtime.person_ports import NodeWish


class PersonSurroundings:
    """The world around one person.

    Args:
        first_number: The first number of the person's range.
    """

    def __init__(self, first_number: int) -> None:
        self._first_number = first_number
        self._peers: dict[PublicKey, effects.PeerConnected] = {}
        self._servers: ServersChanged | None = None
        self._linked: set[PublicKey] = set()
        self._pages: set[int] = set()
        self._lossy: set[int] = set()
        self._fetches: dict[int, FetchAsked] = {}
        self._online: OnlineChanged | None = None
        # What the person hears for as long as the day's budget is used up.
        self._used_up: OnlineChanged | None = None

    # ---- what the person hears

    def inputs_of(self, fact: effects.Fact) -> "list[PersonInput]":
        """Return what a fact of the node means to the person; nothing if it is no concern."""
        match fact:
            case effects.MessageArrived(filters, _, _):
                return [fact] if any(map(self._is_ours, filters)) else []
            case effects.PostSucceeded() | effects.PostFailed():
                return [fact] if self._is_ours(fact.request) else []
            case effects.HistoryArriving() | effects.HistoryReasked() | effects.HistoryDone():
                return [self._of_page(fact)] if fact.request in self._pages else []
            case effects.PeerConnected() | effects.PeerDisconnected() | effects.PeerUnreachable():
                return self._peer_changed(fact)
            case effects.ConfirmedByPeer(key):
                return [fact] if key in self._server_keys() else []
            case _:
                return self._of_node(fact)

    def owner_said(self, event: ServersChanged | OnlineChanged) -> "list[PersonInput]":
        """Take note of what the owner wants; returns what the person has to hear."""
        if isinstance(event, OnlineChanged):
            self._online = event
            return [] if self._used_up is not None else [event]
        self._servers = event
        return [event, *self._connected_servers()]

    def for_new_person(self) -> "list[PersonInput]":
        """Return what a person that was just made has to hear."""
        told: list[PersonInput] = [PeersChanged(len(self._peers))]
        if self._servers is not None:
            told += [self._servers, *self._connected_servers()]
        if self._used_up is not None:
            told.append(self._used_up)
        elif self._online is not None:
            told.append(self._online)
        return [*told, *self._fetches.values()]

    def dropped(self, event: "PersonInput") -> "list[NodeWish]":
        """Note that an input found no place; returns what the node has to know.

        Pages that may have brought it are not complete. One that came live can come out of an
        archive later, if the node does not count it as told.
        """
        if not isinstance(event, effects.MessageArrived):
            return []
        if event.direct:
            self._lossy |= self._pages
        return [inputs.MessageDropped(event.message.hash)]

    # ---- what becomes of it

    def handled(self, events: "Iterable[PersonInput]") -> None:
        """Note what the person was told and what is stored now."""
        for event in events:
            if isinstance(event, FetchAsked):
                self._fetches[event.request] = event

    def let_out(self, output: "PersonOutput | NodeWish") -> None:
        """Note what the person said, or its lane for it."""
        match output:
            case inputs.AskHistory(request):
                self._pages.add(request)
            case inputs.CancelHistory(request):
                self._forget_page(request)
            case inputs.AddPeer(enode):
                self._linked.add(enode.public_key)
            case inputs.RemovePeer(key):
                self._linked.discard(key)
            case FetchDone(request):
                if request is not None:
                    self._fetches.pop(request, None)
            case _:
                pass

    def end_life(self) -> "list[NodeWish]":
        """Forget what only the person knew that is no more; returns what to tell the node."""
        wishes: list[NodeWish] = [inputs.CancelHistory(page) for page in sorted(self._pages)]
        self._pages.clear()
        self._lossy.clear()
        return wishes

    def unwanted_links(self) -> "list[NodeWish]":
        """Return what lets go of mailservers that are trusted no more.

        The person itself does so, unless an earlier one, that is no more, had asked for them.
        """
        return [inputs.RemovePeer(key) for key in self._linked - self._server_keys()]

    def _is_ours(self, number: int) -> bool:
        return is_of(self._first_number, number)

    def _of_page(
        self, fact: effects.HistoryArriving | effects.HistoryReasked | effects.HistoryDone
    ) -> effects.HistoryArriving | effects.HistoryReasked | effects.HistoryDone:
        """Return what becomes of a page: it is lost if something of it may have found no place."""
        if not isinstance(fact, effects.HistoryDone):
            return fact
        was_lossy = fact.request in self._lossy
        self._forget_page(fact.request)
        if was_lossy and fact.end is PageEnd.ANSWERED:
            return replace(fact, end=PageEnd.LOST, cursor=b"", detail=PageEnd.LOST.value)
        return fact

    def _forget_page(self, request: int) -> None:
        self._pages.discard(request)
        self._lossy.discard(request)

    def _peer_changed(
        self, fact: effects.PeerConnected | effects.PeerDisconnected | effects.PeerUnreachable
    ) -> "list[PersonInput]":
        key = fact.public_key
        told: list[PersonInput] = [fact] if key in self._server_keys() else []
        match fact:
            case effects.PeerConnected():
                self._peers[key] = fact
            case effects.PeerDisconnected():
                self._peers.pop(key, None)
            case effects.PeerUnreachable():
                return told
            case _:
                assert_never(fact)
        return [PeersChanged(len(self._peers)), *told]

    def _of_node(
        self,
        fact: effects.SentToPeer
        | effects.SyncDone
        | effects.ArchivingChanged
        | effects.BudgetChanged,
    ) -> "list[PersonInput]":
        """Return what a fact means that has no number of whoever it is for."""
        if isinstance(fact, effects.BudgetChanged):
            return self._budget_changed(fact.budget)
        return [fact] if isinstance(fact, effects.SentToPeer) else []

    def _budget_changed(self, budget: Budget) -> "list[PersonInput]":
        """Keep mailservers from being asked in vain, which would be held against them.

        What was said meanwhile is asked for when the next day's budget begins.
        """
        if budget.is_bound == (self._used_up is not None):
            return []
        if budget.is_bound:
            self._used_up = OnlineChanged(online=False, detail=refusal_of(budget))
            return [self._used_up]
        self._used_up = None
        return [self._online or OnlineChanged(online=True)]

    def _connected_servers(self) -> "list[PersonInput]":
        keys = self._server_keys()
        return [fact for key, fact in self._peers.items() if key in keys]

    def _server_keys(self) -> "set[PublicKey]":
        servers = () if self._servers is None else self._servers.servers
        return {server.enode.public_key for server in servers}
