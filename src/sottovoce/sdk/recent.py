"""What a program said lately, to know its own words when another says them."""

from collections import OrderedDict
from typing import Final

from sottovoce.crypto.hashes import keccak256

# A bot that answers hundreds of people at once still knows its words of the last minutes.
TEXTS_MAX: Final = 1024


class RecentTexts:
    """The latest texts of some chats, as digests; the oldest makes room."""

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def add(self, chat_id: str, text: str) -> None:
        """Remember a text."""
        digest = _digest(chat_id, text)
        self._digests[digest] = None
        self._digests.move_to_end(digest)
        if len(self._digests) > TEXTS_MAX:
            self._digests.popitem(last=False)

    def holds(self, chat_id: str, text: str) -> bool:
        """Tell whether a text was said in a chat lately."""
        return _digest(chat_id, text) in self._digests


def _digest(chat_id: str, text: str) -> bytes:
    return keccak256(f"{chat_id}\0{text}".encode(errors="surrogatepass"))
