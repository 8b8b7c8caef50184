"""Links between clients and mailservers: packets keep their order, take time, and end with a link.

What carries them (streams, frames, sessions) is left out; the other storms show it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.sim.mail_lies import Answer
from sottovoce.sim.mail_world import MailWorld

FLIGHT_S_MIN: Final = 0.02
FLIGHT_S_MAX: Final = 0.4


@dataclass(slots=True)
class Link:
    """One connection.

    Attributes:
        peer: Its number at the server.
        client: The number of the client.
        key: Whom the server takes the client for.
        hear: Takes what the server sends.
        lost: Told that the server's end is gone.
        open: Whether it is there.
        up_s: When the last packet to the server arrives.
        down_s: When the last packet to the client arrives.
    """

    peer: int
    client: int
    key: PublicKey
    hear: Callable[[Answer], None] = field(repr=False)
    lost: Callable[[], None] = field(repr=False)
    open: bool = True
    up_s: float = 0.0
    down_s: float = 0.0


class Wire:
    """Carries packets over links.

    Args:
        world: The time.
    """

    def __init__(self, world: MailWorld) -> None:
        self._world: Final = world
        self._last_peer = 0

    def next_peer(self) -> int:
        """Return a number that no link had."""
        self._last_peer += 1
        return self._last_peer

    def flight_s(self) -> float:
        """Return how long a packet takes."""
        return self._world.random.uniform(FLIGHT_S_MIN, FLIGHT_S_MAX)

    def send_up(self, link: Link, deliver: Callable[[], None]) -> None:
        """Carry something to the server."""
        link.up_s = max(link.up_s, self._world.now_s + self.flight_s())
        self._world.at(link.up_s, lambda: deliver() if link.open else None)

    def send_down(self, link: Link, packet: Answer, lag_s: float = 0.0) -> None:
        """Carry a packet to the client, later than usual by a lag."""
        link.down_s = max(link.down_s, self._world.now_s + lag_s + self.flight_s())
        self._world.at(link.down_s, lambda: link.hear(packet) if link.open else None)

    def cut(self, link: Link) -> None:
        """End a link; what is under way is lost."""
        link.open = False
