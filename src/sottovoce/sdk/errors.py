"""What can go wrong for a user of the SDK, below `SottovoceError`."""

from sottovoce.base.errors import SottovoceError


class ClientClosedError(SottovoceError):
    """The client is not running: use it inside ``async with``."""


class ConnectError(SottovoceError):
    """A peer could not be reached, or refused us, in the time allowed."""


class PostError(SottovoceError):
    """A message did not leave: no proof of work in time, too large, refused by our own limits."""


class NotSentError(SottovoceError):
    """No peer took the message in the time allowed."""
