"""One device of Anna's, and what another one brings it."""

from dataclasses import dataclass, field

from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.book import Book
from sottovoce.chat.feed_absorbing import Absorbing
from sottovoce.chat.feed_log import FeedLog, NotingStore
from sottovoce.chat.feed_memory import MemoryFeedStore
from sottovoce.chat.feed_rows import Bringing, FeedRows
from sottovoce.chat.feed_stores import FedDevice
from sottovoce.chat.group_changes import GroupChanges
from sottovoce.chat.group_progress import GroupProgress
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import ChatId
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.chat_message import ChatMessage, ContentType, MessageType
from sottovoce.payloads.feed import FeedMessage, FeedRecord, RecordKind
from sottovoce.payloads.metadata import wrap
from sottovoce.payloads.wire import encode_payload, encode_record
from unit.chat.own_devices import ANNA, ANNA_KEY
from unit.chat.people import NOW_MS, Person

NOW = Moment(1000.0, NOW_MS / 1000)
BRUNO = Person(2)
BRUNO_ID = ChatId(BRUNO.id)
CLARA = Person(3)
SIGNER = PrivateKey(b"\x0a" * 32)
LOBBY = ChatId("lobby")


@dataclass
class Scene:
    """What stands behind a device's end of the feed."""

    settings: ChatSettings = field(default_factory=ChatSettings)

    def __post_init__(self) -> None:
        self.store = MemoryChatStore()
        self.feed = MemoryFeedStore(self.store)
        self.feed.save_life(b"life")
        self.log = FeedLog(self.feed)
        self.log.is_shared = True
        self.log.begin(by_person=False, now_unix_ms=NOW_MS)
        self.noting = NotingStore(self.store, self.log)
        self.book = Book(ANNA_KEY, self.noting, self.settings)
        inbox = Inbox(self.book)
        changes = GroupChanges(self.book, GroupProgress(self.book))
        self.rows = FeedRows(self.log)
        self.absorbing = Absorbing(
            self.book, inbox, changes, self.rows, lambda payload: wrap(payload, ANNA)
        )

    def takes(self, *records: FeedRecord | bytes, done: int = 0) -> None:
        """Take records that the laptop brings."""
        by = Bringing(FedDevice("laptop", b"theirs", done=done), NOW, NOW_MS)
        encoded = [it if isinstance(it, bytes) else encode_record(it) for it in records]
        self.absorbing.take(encoded, by)

    def lacks(self, name: str = "laptop") -> list[tuple[RecordKind, bytes]]:
        """Return what a device lacks of our list."""
        return [(it.kind, it.key) for it in self.feed.changes_for(name, after=0, limit=99)]


def written(
    text: str = "Ciao",
    *,
    chat_id: str = LOBBY,
    clock: int = NOW_MS,
    kind: MessageType = MessageType.PUBLIC_GROUP,
) -> ChatMessage:
    return ChatMessage(
        clock=clock,
        timestamp_unix_ms=clock,
        text=text,
        chat_id=chat_id,
        message_type=kind,
        content_type=ContentType.TEXT_PLAIN,
    )


def message(n: int, content: ChatMessage | None = None, *, author: Person = BRUNO) -> FeedMessage:
    return FeedMessage(
        id=n.to_bytes(32, "big"),
        author=author.key.raw,
        kept_unix_ms=NOW_MS,
        secrecy=1,
        content=encode_payload(content or written())[1],
    )
