"""What can go wrong for a user of the SDK, below `SottovoceError`."""

from sottovoce.base.errors import SottovoceError


class ClientClosedError(SottovoceError):
    """The client is not running: use it inside ``async with``."""


class ConnectError(SottovoceError):
    """A peer could not be reached, or refused us, in the time allowed."""


class PostError(SottovoceError):
    """A message did not leave: no proof of work in time, too large, refused by our own limits."""


class NoAnswerError(SottovoceError):
    """A mailserver did not answer to the end in the time allowed."""


class NotSentError(SottovoceError):
    """No peer took the message in the time allowed."""


class RefusedError(SottovoceError):
    """A person's command was not carried out and nothing was changed; the text says why."""


class StoreRefusedError(RefusedError):
    """What is kept cannot be written now, on a full disk for instance; ask again when it can."""


class NotDeliveredError(SottovoceError):
    """A message failed, or did not come as far as wanted in the time allowed."""


class UnknownNameError(SottovoceError):
    """No chat, contact or message here is called so, or more than one is."""


class ControlError(SottovoceError):
    """The program that holds the account cannot be reached, or does not speak as expected."""
