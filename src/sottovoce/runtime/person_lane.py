"""The asyncio shell around a person: a transaction around each batch, and nothing out before it.

It takes what waits, lets the person handle it inside a transaction, commits on the store's own
thread, and only then lets out what came of it: wishes for the node, keys to derive, facts for the
owner. While a commit runs the node relays on and inputs wait.

Two things go wrong. If the person raises, everything since the last commit is undone, the person is
made anew from the store, the input is set aside and counted, and the rest of the batch is handled
again. If the store cannot be written, its commands are refused, now and for as long as that lasts,
and the rest of the batch is tried again after a growing pause; nothing is lost, nothing is done
that somebody was told was not, and nothing leaves that was not stored.

Spec: none; docs/decisions/0007-a-person-is-a-machine.md.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from sottovoce.base.errors import SottovoceError, StorageError, UnstorableError
from sottovoce.base.secret import SymmetricKey
from sottovoce.chat.commands import Asked
from sottovoce.chat.events import Refused
from sottovoce.mail.client_events import OnlineChanged, PageEnd, ServersChanged
from sottovoce.node import effects, inputs
from sottovoce.node.person import PERSON_NUMBERS_FROM
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.node.person_store import PersonStore
from sottovoce.runtime.alarm import Alarm
from sottovoce.runtime.person_inbox import Command, PersonInbox, is_of_a_life, is_patient
from sottovoce.runtime.person_ports import (
    LaneStatistics,
    MakePerson,
    NodeWish,
    Owner,
    OwnerFact,
    PersonMachine,
)
from sottovoce.runtime.person_surroundings import PersonSurroundings
from sottovoce.stack.events import DeriveKey, KeyDerived, Started, TimePassed
from sottovoce.stack.topics import key_of_name

if TYPE_CHECKING:
    from sottovoce.gossip.filters import Filter

# As in the driver: a batch that took longer would hold up the relay on the same loop.
BATCH_INPUTS_MAX: Final = 256
BATCH_S_MAX: Final = 0.005
# How long it may take until a message is shown as sent: nobody notices a tenth of a second. Mostly
# something else comes before, the acknowledgement for instance, and with a dozen peers one commit
# does for the dozen times that a message was sent.
PATIENCE_S: Final = 0.1
# A full disk is seldom emptied within a second, and somebody who did it waits for us to notice.
RETRY_FIRST_S: Final = 0.5
RETRY_MAX_S: Final = 15.0
# A shorter wait can be rounded away, and the person be asked again and again a moment too early.
TIMER_S_MIN: Final = 0.001
# How long a graceful stop tries to store what waits.
STOP_TIMEOUT_S: Final = 5.0

SET_ASIDE: Final = "unexpected error, nothing was changed; the log says more"
BUSY: Final = "too many commands wait already; ask again when some were answered"

# Of its own, so that whoever tells people what the owner hears need not tell it twice.
TROUBLE_LOG: Final = f"{__name__}.trouble"

_log = logging.getLogger(__name__)
_trouble_log = logging.getLogger(TROUBLE_LOG)

TellT = TypeVar("TellT")


class SetAside(NamedTuple):
    """An input that cannot be handled: where it stands in its batch, and what its asker is told."""

    at: int
    reason: str


class PersonLane:
    """Runs one person on the running loop.

    Args:
        store: What the person keeps; the lane closes it.
        make: Makes the person.
        owner: Whom it serves.
        first_number: The first number of the person's range.

    Attributes:
        statistics: Live counters.
        trouble: What is wrong with the store now, one sentence, or empty.
    """

    def __init__(
        self,
        store: PersonStore,
        make: MakePerson,
        owner: Owner,
        *,
        first_number: int = PERSON_NUMBERS_FROM,
    ) -> None:
        self._store = store
        self._make = make
        self._owner = owner
        self._first_number = first_number
        self._next_number = first_number
        self._loop = asyncio.get_running_loop()
        self._commit_thread = ThreadPoolExecutor(1, "sottovoce-store")
        self._key_thread = ThreadPoolExecutor(1, "sottovoce-keys")
        self._inbox = PersonInbox()
        self._person: PersonMachine | None = None
        self._answers: list[Refused] = []
        self._installed: dict[int, Filter] = {}
        self._names_without_key: set[str] = set()
        self._all_names_heard = asyncio.Event()
        self._all_names_heard.set()
        self._around = PersonSurroundings(first_number)
        self._wake = asyncio.Event()
        self._deadline = Alarm(self._loop, self._wake)
        self._patience = Alarm(self._loop, self._wake)
        self._held_until_s = 0.0
        self._hold_s = RETRY_FIRST_S
        self._stopping = False
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self.statistics = LaneStatistics()
        self.trouble = ""

    # ---- the owner's side

    def start(self) -> None:
        """Begin; the person is made in the first batch."""
        self._task = self._loop.create_task(self._run())

    @property
    def dropped_messages(self) -> int:
        """How many messages found no place while others waited."""
        return self._inbox.dropped_messages

    def fact(self, fact: effects.Fact) -> None:
        """Take a fact of the node; what does not concern the person is let go."""
        for event in self._around.inputs_of(fact):
            if is_of_a_life(event):
                self._put_of_life(event)
            elif not self._put(event):
                self._carry_wishes(self._around.dropped(event))

    def tell(self, event: ServersChanged | OnlineChanged) -> None:
        """Take which mailservers are trusted, or whether the network may be used at all."""
        for each in self._around.owner_said(event):
            self._put(each)
        self._carry_wishes(self._around.unwanted_links())

    def ask(self, wish: Command) -> None:
        """Take a command; its answer comes as a fact, perhaps at once."""
        if self.trouble:
            self._refuse([wish], self.trouble)
        elif not self._put(wish):
            self.statistics.refused_commands += 1
            self._tell(Refused(wish.request, BUSY))

    async def names_heard(self) -> None:
        """Wait until every name is heard whose key was being derived."""
        await self._all_names_heard.wait()

    async def stop(self) -> None:
        """Store what waits, then close the store; harmless when repeated."""
        self._stopping = True
        self._wake.set()
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=STOP_TIMEOUT_S)
        await self.abandon()

    async def abandon(self) -> None:
        """Stop where it stands, as a crash would: what was not committed is undone."""
        if self._closed:
            return
        self._closed = True
        self._all_names_heard.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._deadline.clear()
        self._patience.clear()
        # Whatever the thread does now is done before the store is closed there.
        await self._loop.run_in_executor(self._commit_thread, self._close_store)
        self._commit_thread.shutdown(wait=False)
        self._key_thread.shutdown(wait=False, cancel_futures=True)

    def _close_store(self) -> None:
        try:
            self._store.close()
        except StorageError as error:
            _log.warning("the store could not be closed in order: %s", error)

    # ---- what waits

    def _put(self, event: PersonInput) -> bool:
        if self._closed:
            return False
        self._wake.set()
        return self._inbox.put(event)

    def _put_of_life(self, fact: PersonInput) -> None:
        if self.trouble:
            return
        if not is_patient(fact):
            self._put(fact)
        elif not self._closed:
            self._inbox.put(fact)
            if not self._patience.is_set:
                self._patience.set(PATIENCE_S)

    async def _run(self) -> None:
        """Carry out batch after batch until the end."""
        await self._carry_out([])  # The person is made, whether or not anything waits.
        while not (self._stopping and not self._inbox):
            if not self._has_work():
                self._wake.clear()
                await self._wake.wait()
                continue
            batch: list[PersonInput] = []
            if self._deadline.has_rung:
                self._deadline.clear()
                batch.append(TimePassed())
            await self._carry_out(batch)
            await asyncio.sleep(0)  # The relay on the same loop goes first.

    def _has_work(self) -> bool:
        if self._deadline.has_rung or self._inbox.hurries:
            return True
        return bool(self._inbox) and (not self._patience.is_set or self._stopping)

    async def _carry_out(self, batch: list[PersonInput]) -> None:
        """Handle, store and release one batch; try again for as long as the store refuses."""
        pause_s = RETRY_FIRST_S
        while (outputs := await self._stored(batch)) is None:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RETRY_MAX_S)
        self._set_trouble("")
        self._around.handled(batch)
        answers, self._answers = self._answers, []
        for output in (*outputs, *answers):
            self._release(output)
        for event in batch:
            if isinstance(event, KeyDerived):
                self._name_settled(event.name)
        self._set_timer()

    # ---- one batch

    async def _stored(self, batch: list[PersonInput]) -> list[PersonOutput] | None:
        """Handle and store a batch; returns None, with all undone, if the store refuses."""
        try:
            return await self._attempt(batch)
        except StorageError as error:
            asked = self._undo(batch)
            self._set_trouble(str(error))
            self._refuse(asked, str(error))
            return None

    async def _attempt(self, batch: list[PersonInput]) -> list[PersonOutput]:
        """Handle a batch, filled up with what waits, and store what it wrote.

        Raises:
            StorageError: The store refuses; nothing was stored.
        """
        self._store.begin()
        while True:
            handled = self._handle(batch)
            if not isinstance(handled, SetAside):
                break
            self._set_aside(batch.pop(handled.at), handled.reason)
            self._store.rollback()
            self._end_life()
            self._store.begin()
        if self._store.wrote:
            await self._commit()
        else:
            self._store.rollback()
        return handled

    async def _commit(self) -> None:
        """Commit on the store's own thread.

        Raises:
            StorageError: It cannot be written.
        """
        try:
            await self._loop.run_in_executor(self._commit_thread, self._store.commit)
        except StorageError:
            raise
        except Exception:
            _log.exception("a commit failed in a way that was not foreseen")
            raise StorageError("unexpected error while storing; the log says more") from None
        self.statistics.commits += 1

    def _handle(self, batch: list[PersonInput]) -> list[PersonOutput] | SetAside:
        """Handle a batch and what waits, in order; or tell which input cannot be handled.

        Raises:
            StorageError: The store refuses.
        """
        outputs: list[PersonOutput] = []
        if self._person is None:
            outputs += self._revive()
        assert self._person is not None
        end_s = self._loop.time() + BATCH_S_MAX
        at = 0
        while at < len(batch) or (at < BATCH_INPUTS_MAX and self._loop.time() < end_s):
            if at == len(batch):
                following = self._following(batch)
                if following is None:
                    break
                batch.append(following)
            try:
                outputs += self._person.handle(batch[at], self._owner.now())
            except StorageError as error:
                if not isinstance(batch[at], Asked) and not isinstance(error, UnstorableError):
                    raise
                # Whoever asked can ask again. What can never be stored holds nobody up.
                _log.error("an input of kind %s was set aside: %s", type(batch[at]).__name__, error)
                return SetAside(at, str(error))
            except Exception:
                _log.exception("an input of kind %s was set aside", type(batch[at]).__name__)
                return SetAside(at, SET_ASIDE)
            at += 1
        return outputs

    def _following(self, batch: list[PersonInput]) -> PersonInput | None:
        """Return what to handle next in this batch, or None if nothing waits.

        What is due at once because of a lone command, as sealing what was just said, belongs to the
        same batch: one commit is enough for both. Where more comes in it waits for the next batch,
        and so do acknowledgements: by then one envelope can carry more, an answer for instance.
        """
        if self._inbox:
            return self._inbox.take()
        assert self._person is not None, "it has just handled something"
        hurried = [each for each in batch if not is_patient(each)]
        if len(hurried) == 1 and isinstance(hurried[0], Asked):
            deadline_s = self._person.next_deadline()
            now_s = self._owner.now().monotonic_s
            if deadline_s is not None and max(deadline_s, self._held_until_s) <= now_s:
                return TimePassed()
        return None

    def _revive(self) -> list[PersonOutput]:
        """Make the person from the store, and tell it what it missed.

        Raises:
            StorageError: It cannot be made.
        """
        now = self._owner.now()
        try:
            person = self._make(
                now, installed=dict(self._installed), first_number=self._next_number
            )
            outputs = person.handle(Started(), now)
            for event in self._around.for_new_person():
                outputs += person.handle(event, now)
        except StorageError:
            raise
        except Exception:
            self.statistics.set_aside[Started.__name__] += 1
            _log.exception("the person could not be made from the store")
            raise StorageError("what is stored cannot be used; the log says more") from None
        self._person = person
        return outputs

    def _set_aside(self, event: PersonInput, reason: str) -> None:
        """Count an input that failed; a command is answered when its batch is stored."""
        self.statistics.set_aside[type(event).__name__] += 1
        if isinstance(event, TimePassed):
            # It is due again at once, and would fail again at once.
            self._held_until_s = self._owner.now().monotonic_s + self._hold_s
            self._hold_s = min(2 * self._hold_s, RETRY_MAX_S)
        if isinstance(event, Command):
            self._answers.append(Refused(event.request, reason))

    def _undo(self, batch: list[PersonInput]) -> list[Command]:
        """Undo what a refused batch did, and keep of it what the next person can use.

        Returns:
            All the commands, those that wait included: who asked can ask again, which is theirs to
            decide, and must not find later that it was done twice.
        """
        self._end_life()
        with contextlib.suppress(StorageError):
            self._store.rollback()
        asked = [each for each in batch if isinstance(each, Command)]
        batch[:] = [
            each for each in batch if not isinstance(each, Command) and not is_of_a_life(each)
        ]
        self._inbox.forget_life()
        return asked + self._inbox.take_commands()

    def _end_life(self) -> None:
        """Let go of the person; pages of history that it asked for would tell nobody anything."""
        self._person = None
        self._carry_wishes(self._around.end_life())

    def _refuse(self, asked: list[Command], reason: str) -> None:
        """Tell who asked that nothing was done, as well as those whose command was set aside."""
        answers, self._answers = self._answers, []
        self.statistics.refused_commands += len(asked)
        for answer in (*answers, *(Refused(each.request, reason, by_store=True) for each in asked)):
            self._tell(answer)

    def _set_trouble(self, reason: str) -> None:
        if reason:
            self.statistics.storage_errors += 1
        if reason != self.trouble:
            if reason:
                _trouble_log.error("the store cannot be used, and is tried again: %s", reason)
            else:
                _trouble_log.info("the store can be used again")
            self.trouble = reason
            self._guarded(self._owner.trouble, reason)

    # ---- what is let out

    def _release(self, output: PersonOutput) -> None:
        self._around.let_out(output)
        match output:
            case inputs.PostMessage(request):
                self._next_number = max(self._next_number, request + 1)
                refusal = self._wish(output)
                if refusal is not None:
                    self._put(effects.PostFailed(request, refusal))
            case inputs.InstallFilter(number, wanted):
                self._next_number = max(self._next_number, number + 1)
                self._installed[number] = wanted
                self._wish(output)
            case inputs.RemoveFilter(number):
                self._installed.pop(number, None)
                self._wish(output)
            case inputs.AskHistory(request):
                self._next_number = max(self._next_number, request + 1)
                refusal = self._wish(output)
                if refusal is not None:
                    self.fact(effects.HistoryDone(request, PageEnd.NOT_CONNECTED, detail=refusal))
            case inputs.CancelHistory() | inputs.AddPeer() | inputs.RemovePeer():
                self._wish(output)
            case DeriveKey(name):
                self._names_without_key.add(name)
                self._all_names_heard.clear()
                work = self._loop.run_in_executor(self._key_thread, key_of_name, name)
                work.add_done_callback(lambda done: self._key_derived(name, done))
            case _:
                self._tell(output)

    def _wish(self, wish: NodeWish) -> str | None:
        """Hand a wish to the node; returns why it was refused."""
        try:
            self._owner.wish(wish)
        except SottovoceError as error:
            return str(error)
        return None

    def _carry_wishes(self, wishes: list[NodeWish]) -> None:
        for wish in wishes:
            self._around.let_out(wish)
            self._wish(wish)

    def _key_derived(self, name: str, done: asyncio.Future[SymmetricKey]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._name_settled(name)
        else:
            self._put(KeyDerived(name, done.result()))

    def _name_settled(self, name: str) -> None:
        self._names_without_key.discard(name)
        if not self._names_without_key:
            self._all_names_heard.set()

    def _tell(self, fact: OwnerFact) -> None:
        self._guarded(self._owner.hear, fact)

    def _guarded(self, tell: Callable[[TellT], None], what: TellT) -> None:
        try:
            tell(what)
        except Exception:
            self.statistics.set_aside["fact"] += 1
            _log.exception("the owner of the person could not take a fact")

    # ---- time

    def _set_timer(self) -> None:
        deadline_s = None if self._person is None else self._person.next_deadline()
        if deadline_s is None:
            self._deadline.clear()
            return
        delay_s = max(deadline_s, self._held_until_s) - self._owner.now().monotonic_s
        # Where it rang while a batch was stored, that batch may have done what it was for.
        if delay_s > 0 or not self._deadline.has_rung:
            self._deadline.set(max(TIMER_S_MIN, delay_s))
