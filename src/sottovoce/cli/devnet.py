"""``sottovoce devnet``: a whole network in one process, with everything printed to paste.

Relays in a ring and people at them, on real sockets of the loopback address, up until interrupted.
The people listen in one channel and answer whoever is not one of them, so that a program under
development has somebody to talk to. An answer is never answered, so that two programs that answer
everything do not talk for ever. The keys follow from names and are known to everybody.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from sottovoce.app.application import LOOPBACK, ApplicationSettings
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.cli.output import Output, printable
from sottovoce.cli.stopping import Termination, first_of
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import PostError
from sottovoce.sdk.messages import ChannelMessage
from sottovoce.sdk.subscriptions import Subscription

CHANNEL: Final = "devnet"
PEOPLE: Final = ("Anna", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Gaia", "Ivo")

_QUOTE: Final = "You said: "
# Answers travel as well: the quote of a whole megabyte would not fit.
_QUOTE_CHARACTERS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class DevnetOptions:
    """The options of ``devnet``; `cli.main` explains each."""

    relays: int
    people: int
    base_port: int
    as_json: bool
    transport: Transport = Transport.BOTH
    bridges: bool = True


async def run_devnet(options: DevnetOptions) -> None:
    """Start the network, print it, and keep it up."""
    output = Output(as_json=options.as_json)
    async with AsyncExitStack() as stack:
        termination = stack.enter_context(Termination())
        relays = [
            await stack.enter_async_context(_relay(number, options))
            for number in range(options.relays)
        ]
        await _connect_ring(relays)
        people = {}
        for number, name in enumerate(PEOPLE[: options.people]):
            person = Client(listen=None, identity=_key(f"person {name}"))
            people[name] = await stack.enter_async_context(person)
            enode = relays[number % len(relays)].enode
            assert enode is not None
            await person.connect(enode)
        # They listen before anybody is told whom to talk to.
        ears = {name: await person.channel(CHANNEL).subscribe() for name, person in people.items()}
        _print_network(output, relays, people)
        known = {person.public_key for person in people.values()}
        await first_of(
            termination.wait(),
            *(_answer(name, person, ears[name], known, output) for name, person in people.items()),
        )
    output.talk("stopped")


def _key(name: str) -> PrivateKey:
    return secp256k1.private_key(keccak256(f"sottovoce devnet {name}".encode()))


def _relay(number: int, options: DevnetOptions) -> Client:
    port = options.base_port + number if options.base_port else 0
    settings = ApplicationSettings(
        listen=(LOOPBACK, port),
        node_key=_key(f"relay {number + 1}"),
        gossip=GossipSettings(transport=options.transport, bridges=options.bridges),
    )
    return Client(settings=settings)


async def _connect_ring(relays: list[Client]) -> None:
    """Connect each relay to the next, and the last to the first if that makes a ring."""
    for number, relay in enumerate(relays):
        neighbour = relays[(number + 1) % len(relays)]
        # Two relays have one link, not two; a single one has none.
        if neighbour is relay or (len(relays) == 2 and number == 1):
            continue
        assert neighbour.enode is not None
        await relay.connect(neighbour.enode)


async def _answer(
    name: str,
    person: Client,
    ear: Subscription[ChannelMessage],
    known: set[PublicKey],
    output: Output,
) -> None:
    """Print what the person hears, and answer everybody who is not of this network."""
    async for message in ear:
        if message.sender in known:
            continue
        output.talk(f"{name} hears: {printable(message.text)}")
        if _QUOTE in message.text:
            continue
        quote = message.text[:_QUOTE_CHARACTERS_MAX]
        try:
            await person.channel(CHANNEL).send_text(f"{name} here. {_QUOTE}{quote}")
        except PostError as error:
            output.talk(f"{name} could not answer: {error}")


def _print_network(output: Output, relays: list[Client], people: dict[str, Client]) -> None:
    for number, relay in enumerate(relays, start=1):
        output.result(
            f"relay {number}  {relay.enode}", event="relay", number=number, enode=relay.enode
        )
    for name, person in people.items():
        public_key = "0x" + person.public_key.uncompressed.hex()
        private_key = person.identity.raw.hex()
        output.result(
            f"{name}  public key {public_key}\n{' ' * len(name)}  private key {private_key}",
            event="person",
            name=name,
            public_key=public_key,
            private_key=private_key,
            channel=CHANNEL,
        )
    enode = relays[0].enode
    output.talk(
        "\nThese keys are for development: everybody knows them.\n"
        "In another terminal:\n"
        f"  sottovoce listen {CHANNEL} --peer {enode}\n"
        f'  sottovoce send {CHANNEL} "hello" --peer {enode}\n'
        f"  sottovoce peer check {enode}\n"
        "In Python:\n"
        f'  async with sottovoce.Client(peers=["{enode}"]) as client: ...\n'
        "Stop with Ctrl-C.\n"
    )
