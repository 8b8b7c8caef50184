"""In which world a mailserver is asked: in the one where it answered last, then in the other.

A server of both worlds is asked over Waku first. One of status-go's kind may serve mail in one of
them only and says nothing at all in the other; there the same request follows after a while. Where
a server has answered since it connected, silence is the server's own, and it is asked once.

Spec: none; status-go mailserver/mailserver.go (one server for each world, started apart).
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sottovoce.base.quantities import PublicKey
from sottovoce.node.link import protocol_of

# A server that answers at all says something sooner, over the slowest of ways; one that does not
# gets a request twice, once in a connection. People wait as long for the first page.
SILENCE_S: Final = 2.0
# Servers that are remembered; a person has a handful.
SERVERS_MAX: Final = 64


class _Known(NamedTuple):
    """What is known of a server: the session to ask on first, and whether it answered on that."""

    session: int
    has_answered: bool


class ServerWorlds:
    """Where servers are asked.

    Args:
        find_sessions: Gives gossip's numbers for a connected peer, the preferred one first.
    """

    def __init__(self, find_sessions: Callable[[PublicKey], tuple[int, ...]]) -> None:
        self._find_sessions: Final = find_sessions
        self._known: Final[dict[PublicKey, _Known]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def session_for(self, key: PublicKey) -> int | None:
        """Return the session on which to ask a server, or None if it is not connected."""
        sessions = self._find_sessions(key)
        known = self._known.get(key)
        if known is not None:
            world = protocol_of(known.session)
            sessions = tuple(sorted(sessions, key=lambda each: protocol_of(each) != world))
        return next(iter(sessions), None)

    def next_session(self, key: PublicKey, asked: Sequence[int]) -> int | None:
        """Return where to ask a server that was silent on some sessions, or None for nowhere."""
        known = self._known.get(key)
        if known is not None and known.has_answered and known.session in asked:
            return None
        others = (each for each in self._find_sessions(key) if each not in asked)
        return next(others, None)

    def answered(self, key: PublicKey, session: int) -> None:
        """Note that a server answers on a session."""
        self._note(key, _Known(session, has_answered=True))

    def given_up(self, key: PublicKey, asked: Sequence[int], *, after_s: float) -> None:
        """Note that a server was given up, so many seconds after it was asked, without a word.

        Args:
            key: Whose node key it is.
            asked: Where it was asked.
            after_s: Seconds since it was asked there last.
        """
        if after_s < SILENCE_S:
            return
        others = [each for each in self._find_sessions(key) if each not in asked]
        self._note(key, _Known((others or list(asked))[0], has_answered=False))

    def _note(self, key: PublicKey, known: _Known) -> None:
        self._known.pop(key, None)
        self._known[key] = known
        if len(self._known) > SERVERS_MAX:
            del self._known[next(iter(self._known))]
