"""In which world a mailserver is asked: in the one where it answered last.

A server of both worlds is asked over Waku first. One of status-go's kind may serve mail in one of
them only and says nothing at all in the other; it is asked there the next time.

Spec: none; status-go mailserver/mailserver.go (one server for each world, started apart).
"""

from collections.abc import Callable
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.node.link import protocol_of

# A server that answers at all says something sooner; one that was asked for less was not silent.
SILENCE_S: Final = 3.0
# Servers that are remembered; a person has a handful.
SERVERS_MAX: Final = 64


class ServerWorlds:
    """Where servers are asked.

    Args:
        find_sessions: Gives gossip's numbers for a connected peer, the preferred one first.
    """

    def __init__(self, find_sessions: Callable[[PublicKey], tuple[int, ...]]) -> None:
        self._find_sessions: Final = find_sessions
        self._protocols: Final[dict[PublicKey, str]] = {}

    def __len__(self) -> int:
        return len(self._protocols)

    def session_for(self, key: PublicKey) -> int | None:
        """Return the session on which to ask a server, or None if it is not connected."""
        sessions = self._find_sessions(key)
        protocol = self._protocols.get(key)
        preferred = (session for session in sessions if protocol_of(session) == protocol)
        return next(preferred, sessions[0] if sessions else None)

    def answered(self, key: PublicKey, session: int) -> None:
        """Note that a server answers on a session."""
        self._protocols.pop(key, None)
        self._protocols[key] = protocol_of(session)
        if len(self._protocols) > SERVERS_MAX:
            del self._protocols[next(iter(self._protocols))]

    def given_up(self, key: PublicKey, session: int, *, after_s: float) -> None:
        """Note that a server was given up, so many seconds after it was asked, without a word."""
        if after_s < SILENCE_S:
            return
        others = [other for other in self._find_sessions(key) if other != session]
        if others:
            self.answered(key, others[0])
