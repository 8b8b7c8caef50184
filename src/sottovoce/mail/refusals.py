"""What the words of a server that refused a request mean.

Spec: status-go mailserver/mailserver.go and mailserver/request.go (the words of its errors).
"""

import re
from typing import Final

# Words of strangers that people are shown.
_WORDS_MAX: Final = 120
# "limit exceeds the maximum" is about something else.
_LIMITED: Final = ("rate limit", "limit exceeded", "limited")
_AGAIN: Final = re.compile(r"ask again in (\d{1,6}) s")


def is_limited(detail: str) -> bool:
    """Tell whether a server is willing, but not so soon."""
    words = detail.lower()
    return any(each in words for each in _LIMITED)


def pause_s(detail: str) -> int | None:
    """Return the seconds after which a server wants to be asked again, if it says so."""
    found = _AGAIN.search(detail)
    return int(found[1]) if found else None


def shown(detail: str) -> str:
    """Return a stranger's words such that they can be shown to people."""
    return "".join(char for char in detail if char.isprintable())[:_WORDS_MAX]
