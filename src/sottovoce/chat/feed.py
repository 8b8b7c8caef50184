"""What one device of a person does or receives appears on all others: the feed between them.

Each device keeps a list of what changed on it, and brings every other enabled one up to its end.
What is sent is repeated until the device itself says that it has it; a device that was away for
weeks goes on where it was, and a new one begins at the beginning.

Spec: none; docs/spec-deviations.md, "Devices of one person", and
docs/decisions/0010-devices-feed-each-other.md.
"""

from typing import Final

from sottovoce.base.entropy import uniform
from sottovoce.base.moment import Moment
from sottovoce.chat.author import Author
from sottovoce.chat.book import Book
from sottovoce.chat.events import ChatEvent, Unshown
from sottovoce.chat.feed_absorbing import Absorbing
from sottovoce.chat.feed_chunks import Chunk, FeedChunks
from sottovoce.chat.feed_keys import contact_key
from sottovoce.chat.feed_life import next_life
from sottovoce.chat.feed_lines import FeedLine
from sottovoce.chat.feed_log import FeedLog
from sottovoce.chat.feed_records import padded
from sottovoce.chat.feed_rows import Bringing, FeedRows
from sottovoce.chat.feed_settings import (
    ANSWER_S,
    COLLECT_S,
    DEVICES_MAX,
    HELLO_S,
    HISTORY_PER_CHAT_MAX,
    LISTED_MAX,
    NEXT_S,
    SHOW_S,
    TRIM_EVERY,
)
from sottovoce.chat.feed_stores import FedDevice
from sottovoce.chat.group_changes import GroupChanges
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.message_values import unix_ms
from sottovoce.payloads import contact_id as contact_ids
from sottovoce.payloads.devices import SyncInstallationContact
from sottovoce.payloads.feed import DeviceFeed, FeedPlace, RecordKind
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.destinations import OwnDevicesOnce
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    MessageSubmitted,
    OwnInstallations,
    PeersChanged,
    Sealed,
    SentToPeers,
    Stored,
    TimePassed,
    Undeliverable,
)


class Feed:
    """One device's end of the feed."""

    def __init__(self, book: Book, author: Author, log: FeedLog, absorbing: Absorbing) -> None:
        self._book: Final = book
        self._author: Final = author
        self._log: Final = log
        self._absorbing: Final = absorbing
        self._chunks: Final = FeedChunks(book, log.store)
        self._lines: dict[str, FeedLine] = {}
        self._known: Final = {row.installation_id: row for row in log.store.devices()}
        log.is_shared = bool(self._known)
        # Nobody can have more of our list than this. If somebody says so, the list lost its end.
        self._released = log.store.last_number()
        self._trimmed_at = self._released
        self._speak_s: float | None = None
        self._owes_answer = False
        self._is_connected = True  # until somebody says otherwise
        self._leaving: set[bytes] = set()  # ids of what no peer has taken yet

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is to be said, or None."""
        if self._leaving or not self._is_connected:
            return None  # What was said last has not left; it is looked at again when it has.
        dues = [self._speak_s, *(line.due_s for line in self._lines.values())]
        return min((due for due in dues if due is not None), default=None)

    def handle(self, event: ChatEvent, now: Moment) -> bool:
        """Take an event; returns whether nobody else has to."""
        match event:
            case Arrived(payload=DeviceFeed() as feed):
                unshown = self._take(event, feed, now)
                if unshown is not None:
                    self._book.statistics[unshown] += 1
                return True
            case Arrived(payload=SyncInstallationContact() as told):
                return event.author == self._book.me and self._is_outdated(told)
            case Sealed() | SentToPeers() | Stored() | Acknowledged() | Undeliverable():
                return self._left(event, now)
            case OwnInstallations():
                self._know(event, now)
            case TimePassed():
                self._speak_due(now)
            case PeersChanged(count):
                self._connect(count > 0, now)
            case _:
                pass
        return False

    # ---- which devices

    def _know(self, event: OwnInstallations, now: Moment) -> None:
        """Take which devices of ours are enabled."""
        names = {it.installation_id for it in event.installations if it.enabled}
        names = set(sorted(names - {self._author.installation_id})[:DEVICES_MAX])
        for name in sorted(self._known.keys() - names):
            del self._known[name]
            self._lines.pop(name, None)
            self._log.store.remove_device(name)
        added = sorted(names - self._lines.keys())
        was_shared, self._log.is_shared = self._log.is_shared, bool(names)
        if names - self._known.keys():
            self._list_all(now, was_shared=was_shared)
        for name in added:
            if name not in self._known:
                self._known[name] = FedDevice(name)
                self._log.store.save_device(self._known[name])
            hello_s = now.monotonic_s + self._drawn(HELLO_S)
            self._lines[name] = FeedLine(self._known[name], self._log.store, hello_s=hello_s)
        self._note_fed()

    def _note_fed(self) -> None:
        """Note whether all others are known for devices of this program."""
        self._book.others_are_fed = all(line.row.life for line in self._lines.values())

    def _connect(self, is_connected: bool, now: Moment) -> None:
        if is_connected and not self._is_connected:
            for line in self._lines.values():
                line.woken(now.monotonic_s, now.monotonic_s + self._drawn(HELLO_S))
        self._is_connected = is_connected

    def _list_all(self, now: Moment, *, was_shared: bool) -> None:
        """See to it that our list has all that is here."""
        if not was_shared:
            self._begin_life(now)  # Who comes back may have less than before: not all was noted.
        self._log.store.list_history(per_chat_max=HISTORY_PER_CHAT_MAX, messages_max=LISTED_MAX)

    def _begin_life(self, now: Moment, *, above: bytes = b"") -> None:
        known = max(self._log.store.load_life(), above)
        self._log.store.save_life(next_life(self._author.entropy, unix_ms(now), above=known))
        self._log.has_life = True
        for line in self._lines.values():
            line.begin_anew()

    # ---- what others say

    def _take(self, event: Arrived, feed: DeviceFeed, now: Moment) -> Unshown | None:
        """Take what another device of ours says; return why it counts for nothing."""
        in_public = bool(event.public_chats) or event.secrecy is Secrecy.PUBLIC
        if event.author != self._book.me or in_public:
            return Unshown.NOT_OURS
        line = self._lines.get(feed.installation_id)
        if line is None:
            return Unshown.UNKNOWN_DEVICE
        is_believed = line.lives(feed.life, now.monotonic_s)
        if is_believed:
            self._note_fed()
            line.heard(now.monotonic_s)
            self._take_places(line, feed, now)
        by = Bringing(line.row, now, event.sent_unix_ms, is_believed)
        self._absorbing.take(feed.records, by)
        if not is_believed:
            return Unshown.TWO_IN_ONE  # Its records harm nobody; answers would go on for ever.
        own = self._author.installation_id
        for_us = [place for place in feed.after if place.installation_id == own]
        for place in for_us:
            line.has_brought(place.number, feed.last)
        if for_us or own in feed.asks:
            self._owes_answer = True
            self._wish(now, self._drawn(ANSWER_S))
        if self._lacks_something(line):
            self._wish(now, NEXT_S)
        return None

    def _is_outdated(self, told: SyncInstallationContact) -> bool:
        """Tell whether another device added a person before something else was decided of them.

        The deployed clients' word that a person was added comes by another way, perhaps later.
        """
        key = contact_key(contact_ids.contact_key(told.id))
        (added_unix_ms, *_) = padded(self._log.stamps(RecordKind.CONTACT, key), 1)
        return told.clock <= added_unix_ms

    def _take_places(self, line: FeedLine, feed: DeviceFeed, now: Moment) -> None:
        for place in feed.have:
            if place.installation_id != self._author.installation_id:
                continue
            own_life = self._log.store.load_life()
            if place.life > own_life:
                # It has seen a later one: ours went back without our knowing, or is used twice.
                self._begin_life(now, above=place.life)
            if place.life != own_life:
                line.has_missed_our_life(now.monotonic_s, self._drawn(ANSWER_S))
            elif place.number > self._released:
                # An older copy of our store has come back: what it does not know would be skipped.
                self._begin_life(now)
                self._log.store.save_went_back(unix_ms(now))
            else:
                line.says_it_has(place.number, now.monotonic_s)

    def noted(self, now: Moment) -> None:
        """See to it that what was noted leaves; to be called after each event."""
        if not self._log.has_news:
            return
        self._log.has_news = False
        is_urgent, self._log.is_urgent = self._log.is_urgent, False
        if self._lines:
            bounds_s = SHOW_S if is_urgent else COLLECT_S
            self._wish(now, self._drawn(bounds_s))
            last = self._log.store.last_number()
            if last // TRIM_EVERY > self._trimmed_at // TRIM_EVERY:
                self._trimmed_at = last
                self._log.store.trim(messages_max=LISTED_MAX)

    # ---- what we say

    def _left(
        self, event: Sealed | SentToPeers | Stored | Acknowledged | Undeliverable, now: Moment
    ) -> bool:
        """Take what became of an envelope; False if it was none of ours."""
        if not isinstance(event.destination, OwnDevicesOnce):
            return False
        if isinstance(event, SentToPeers | Undeliverable) and event.message_id in self._leaving:
            self._leaving.discard(event.message_id)
            for line in self._lines.values():
                line.left(now.monotonic_s)
            if self._speak_s is None and any(
                self._lacks_something(line) for line in self._lines.values()
            ):
                self._wish(now, NEXT_S)
        return True

    def _speak_due(self, now: Moment) -> None:
        """Say what is due."""
        if self._leaving or not self._is_connected:
            return
        for line in self._lines.values():
            if line.due_s is not None and line.due_s <= now.monotonic_s and line.is_present:
                line.missed(now.monotonic_s)
                self._wish(now, 0)
        asked = [
            line
            for line in self._lines.values()
            if not line.is_present and line.due_s is not None and line.due_s <= now.monotonic_s
        ]
        is_due = self._speak_s is not None and self._speak_s <= now.monotonic_s
        if not is_due and not asked:
            return
        self._speak_s = None
        chunk = self._next_chunk()
        if chunk is None and not asked and not self._owes_answer:
            return
        for line in asked:
            line.asked(now.monotonic_s)
        self._say(chunk, tuple(line.name for line in asked), now)

    def _say(self, chunk: Chunk | None, asks: tuple[str, ...], now: Moment) -> None:
        self._owes_answer = False
        feed = DeviceFeed(
            installation_id=self._author.installation_id,
            life=self._log.store.load_life(),
            last=0 if chunk is None else chunk.last,
            after=() if chunk is None else chunk.after,
            records=() if chunk is None else chunk.records,
            have=self._places(),
            asks=asks,
        )
        if chunk is not None:
            self._released = max(self._released, chunk.last)
            for line in chunk.lines:
                line.sent(chunk.last, now.monotonic_s)
        wrapped = self._author.compose(feed)
        self._leaving.add(wrapped.message_id)
        self._book.said.append(MessageSubmitted(wrapped.message_id, wrapped.raw, OwnDevicesOnce()))

    def _places(self) -> tuple[FeedPlace, ...]:
        return tuple(line.place() for line in self._lines.values())

    def _next_chunk(self) -> Chunk | None:
        lines = list(self._lines.values())
        for line in lines:
            if line.takes_more:
                chunk = self._chunks.next_for(line, lines)
                if chunk is not None:
                    return chunk
        return None

    def _lacks_something(self, line: FeedLine) -> bool:
        if not line.takes_more:
            return False
        return bool(self._log.store.changes_for(line.name, after=line.cursor, limit=1))

    def _wish(self, now: Moment, delay_s: float) -> None:
        """Speak after a delay, or earlier if that was wished before."""
        due_s = now.monotonic_s + delay_s
        self._speak_s = due_s if self._speak_s is None else min(self._speak_s, due_s)

    def _drawn(self, bounds_s: tuple[float, float]) -> float:
        least_s, most_s = bounds_s
        return least_s + uniform(self._author.entropy, most_s - least_s)


def device_feed(
    book: Book, author: Author, log: FeedLog, inbox: Inbox, changes: GroupChanges
) -> Feed:
    """Return this device's end of the feed."""
    return Feed(book, author, log, Absorbing(book, inbox, changes, FeedRows(log), author.compose))
