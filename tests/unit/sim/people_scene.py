"""Two people in a simulated world, who have added each other; for tests of the simulator."""

from sottovoce.chat.commands import AddContact, Command, SendMessage
from sottovoce.chat.events import Done, Refused
from sottovoce.chat.records import ChatId, Message
from sottovoce.payloads.contact_id import contact_id
from sottovoce.sim.people_device import SimulatedDevice, read_shown
from sottovoce.sim.people_world import PeopleWorld

Answer = Done | Refused | None


class Pair:
    """Two devices of two people.

    Attributes:
        answers: What was answered to each command that was asked for, in order.
    """

    def __init__(self, seed: int = 1) -> None:
        self.world = PeopleWorld(seed)
        self.answers: list[Answer] = []
        self.one, self.other = (self.world.add_device(self.world.add_person()) for _ in range(2))
        for device in (self.one, self.other):
            self.world.start(device)
        self.ask(self.one, AddContact(self.other.who.key))
        self.ask(self.other, AddContact(self.one.who.key))
        self.world.run_until(20.0)
        self.answers.clear()

    def ask(self, device: SimulatedDevice, command: Command) -> None:
        """Ask a device for something, now."""
        self.world.ask(device, command, self.answers.append)

    def say(self, device: SimulatedDevice, text: str) -> None:
        """Say something to the other one, now."""
        self.ask(device, SendMessage(self.chat_of(device), text))

    def chat_of(self, device: SimulatedDevice) -> ChatId:
        """Return the chat with the other one, as it is called on this device."""
        other = self.other if device is self.one else self.one
        return ChatId(contact_id(other.who.key))

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.world.run_until(self.world.now_s + seconds)

    def messages(self, device: SimulatedDevice) -> list[Message]:
        """Return what a device shows, the oldest first."""
        return read_shown(device).messages_of(self.chat_of(device))[::-1]

    def texts(self, device: SimulatedDevice) -> list[str]:
        """Return the texts that a device shows, the oldest first."""
        return [message.text for message in self.messages(device)]
