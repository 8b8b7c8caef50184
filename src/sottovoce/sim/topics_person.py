"""A person with contacts and chats, who really made them: what their node has to listen to.

Everybody is the very same person as in the program, in the world of simulated people: they add one
another and agree on their topics. What is taken from it are the filters that the person's node was
asked for.
"""

from dataclasses import dataclass, field

from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.chat.commands import AddContact, Command, JoinPublicChat
from sottovoce.gossip.filters import Filter
from sottovoce.sim.people_device import SimulatedDevice
from sottovoce.sim.people_world import PeopleWorld

# Contact requests cross and are answered within seconds.
_ACQUAINTANCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Listener:
    """A person, and what they listen to.

    Attributes:
        key: Who it is.
        contacts: Whom they have added, and who has added them.
        filters: What their node was asked for, in order.
    """

    key: PublicKey
    contacts: tuple[PublicKey, ...] = field(repr=False)
    filters: tuple[Filter, ...] = field(repr=False)

    def announced(self) -> frozenset[Topic]:
        """Return the topics that peers may be told of."""
        return frozenset(
            topic for wanted in self.filters if wanted.announced for topic in wanted.topics
        )


def make_listener(seed: int, *, contacts: int, chats: int) -> Listener:
    """Let a person get acquainted with others, and join public chats.

    Args:
        seed: Everything random follows from it.
        contacts: How many contacts they have in the end.
        chats: How many public chats they are in.
    """
    world = PeopleWorld(seed)
    try:
        devices = [world.add_device(world.add_person()) for _ in range(1 + contacts)]
        for device in devices:
            world.start(device)
        listener, *others = devices
        for other in others:
            _ask(world, listener, AddContact(other.who.key))
            _ask(world, other, AddContact(listener.who.key))
        for number in range(chats):
            _ask(world, listener, JoinPublicChat(f"chat-{number}"))
        world.run_until(_ACQUAINTANCE_S)
        keys = tuple(other.who.key for other in others)
        return Listener(listener.who.key, keys, tuple(listener.box.filters.values()))
    finally:
        world.close()


def _ask(world: PeopleWorld, device: SimulatedDevice, command: Command) -> None:
    world.ask(device, command, lambda _: None)
