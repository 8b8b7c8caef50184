"""The line to one other device of ours: how far each has what the other has, and when to speak.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from dataclasses import replace
from typing import Final

from sottovoce.chat.feed_settings import (
    AWAY_S,
    FIRST_LIFE_PAUSE_S,
    FIRST_PAUSE_S,
    IN_FLIGHT_MAX,
    LONGEST_LIFE_PAUSE_S,
    LONGEST_PAUSE_S,
    MISSES_MAX,
    PAUSE_GROWTH,
)
from sottovoce.chat.feed_stores import FedDevice, FeedStore
from sottovoce.payloads.feed import FeedPlace


class FeedLine:
    """What passes between us and one other device.

    Attributes:
        row: What is stored of it.
        is_present: Whether it was heard since we started, or since it became deaf.
        due_s: The monotonic second at which it is spoken to again although it said nothing.
    """

    def __init__(self, row: FedDevice, store: FeedStore, *, hello_s: float) -> None:
        self.row = row
        self._store: Final = store
        self.is_present = False
        self.due_s: float | None = hello_s
        self._flights: list[int] = []
        self._spoken_s: float | None = None  # when it was heard, or asked, last
        self._pause_s = FIRST_PAUSE_S
        self._misses = 0
        self._life_pause_s = FIRST_LIFE_PAUSE_S
        self._next_life_s: float | None = None  # until then no further life is believed

    @property
    def name(self) -> str:
        """The device."""
        return self.row.installation_id

    # ---- what it gets

    @property
    def cursor(self) -> int:
        """Up to here it has our list, or an envelope is on its way."""
        return self._flights[-1] if self._flights else self.row.done

    @property
    def after(self) -> int:
        """After this number the next piece of our list begins, as the device counts."""
        return self._flights[-1] if self._flights else self.row.said

    @property
    def takes_more(self) -> bool:
        """Whether a further piece may leave."""
        return self.is_present and len(self._flights) < IN_FLIGHT_MAX

    def sent(self, last: int, now_s: float) -> None:
        """Note that a piece up to a number leaves."""
        self._flights.append(last)
        self.due_s = now_s + self._pause_s

    def needs_nothing(self, last: int) -> None:
        """Note that it has all up to a number without having been told."""
        if not self._flights and last > self.row.done:
            self._save(replace(self.row, done=last))
            self._store.forget_known(self.name, up_to=last)

    def left(self, now_s: float) -> None:
        """Note that what was said has left only now, so that an answer takes so much longer."""
        if self.due_s is not None:
            self.due_s = max(self.due_s, now_s + FIRST_PAUSE_S)

    def asked(self, now_s: float) -> None:
        """Note that it is asked whether it is there."""
        self._spoken_s = now_s
        self.due_s = now_s + self._pause_s
        self._pause_s = min(self._pause_s * PAUSE_GROWTH, LONGEST_PAUSE_S)

    def missed(self, now_s: float) -> None:
        """Note that it said nothing in time: what is on its way leaves again, or it is asked."""
        self._flights.clear()
        self._misses += 1
        if self._misses >= MISSES_MAX:
            self.is_present = False
        self.due_s = None if self.is_present else now_s

    # ---- what it says

    def woken(self, now_s: float, hello_s: float) -> None:
        """Note that we were cut off: it may have spoken, or have stopped to ask for us."""
        if self._spoken_s is None or self._spoken_s + AWAY_S <= now_s:
            self._flights.clear()
            self.is_present = False
            self._pause_s = FIRST_PAUSE_S
            self.due_s = hello_s

    def heard(self, now_s: float) -> None:
        """Note that it is there."""
        self._spoken_s = now_s
        self.is_present = True
        self._misses = 0
        self._pause_s = FIRST_PAUSE_S
        if not self._flights:
            self.due_s = None

    def lives(self, life: bytes, now_s: float) -> bool:
        """Note the life of its list; with a new one it begins anew, and so do we for it.

        Returns:
            Whether it is believed. Two machines that run as one device have a life each, and
            everything would begin anew with each of their words: so the next new one has to wait,
            and the one after that for longer. What comes of an earlier life is late.
        """
        if life == self.row.life:
            return True
        if self.row.life:
            is_too_soon = self._next_life_s is not None and now_s < self._next_life_s
            if is_too_soon or life < self.row.life:
                return False
            self._next_life_s = now_s + self._life_pause_s
            self._life_pause_s = min(self._life_pause_s * PAUSE_GROWTH, LONGEST_LIFE_PAUSE_S)
        self._flights.clear()
        self._forget_known()
        self._save(FedDevice(self.name, life))
        return True

    def has_missed_our_life(self, now_s: float, ask_after_s: float) -> None:
        """Note that it does not know the life of our list: it gets nothing before it does."""
        self.says_it_has(0, now_s)
        self._flights.clear()
        self.is_present = False
        self.due_s = now_s + ask_after_s

    def says_it_has(self, number: int, now_s: float) -> None:
        """Note up to where it has our list; if that is less than before, it lost the rest."""
        row = self.row
        if number < row.said:
            self._flights.clear()
            self._forget_known()
            self._save(replace(row, said=number, done=number))
            return
        self._flights = [last for last in self._flights if last > number]
        self.due_s = now_s + self._pause_s if self._flights else None
        if number > row.said:
            self._save(replace(row, said=number, done=max(row.done, number)))
            self._store.forget_known(self.name, up_to=number)

    def begin_anew(self) -> None:
        """Let it have nothing of our list, whose life is a new one."""
        self._flights.clear()
        self._save(replace(self.row, said=0, done=0))

    def has_brought(self, after: int, last: int) -> None:
        """Note that a piece of its list came, which begins after a number."""
        if after <= self.row.have < last:
            self._save(replace(self.row, have=last))

    def place(self) -> FeedPlace:
        """Return up to where we have its list."""
        return FeedPlace(self.name, self.row.life, self.row.have)

    def _forget_known(self) -> None:
        self._store.forget_known(self.name, up_to=self._store.last_number())

    def _save(self, row: FedDevice) -> None:
        if row != self.row:
            self.row = row
            self._store.save_device(row)
