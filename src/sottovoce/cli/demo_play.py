"""What happens in ``sottovoce demo``, scene by scene, whoever and wherever the two are."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sottovoce.chat.records import Message, MessageState
from sottovoce.cli.demo_line import Hop, carried_bytes, check_hops
from sottovoce.cli.demo_people import GroupSaying, Person, Saying, delivered, say
from sottovoce.cli.demo_transcript import Transcript
from sottovoce.identity.safety_number import safety_number
from sottovoce.payloads.message_id import MessageId

CHANNEL: Final = "sottovoce-demo"
_PRIVATE: Final = "private"


@dataclass(frozen=True, slots=True)
class Stage:
    """Who plays, and where it is told.

    Attributes:
        anna: She begins.
        bruno: His process is killed.
        hops: The connections between them, from her to him.
        transcript: Where it is told.
        said: All that was said so far between the two, in the order of saying.
        said_in_group: All that was said in a group, in the order of saying.
    """

    anna: Person
    bruno: Person
    hops: Sequence[Hop]
    transcript: Transcript
    said: list[Saying]
    said_in_group: list[GroupSaying] = field(default_factory=list)


async def play_in_public(stage: Stage) -> None:
    """Let them talk in a public channel, and look at what each hop carried.

    Raises:
        CommandError: A message did not arrive, or not through the line.
    """
    stage.transcript.scene(
        "In public",
        f"Both join #{CHANNEL}. Relays carry envelopes that they cannot read; whoever knows the\n"
        "channel's name can.",
    )
    anna, bruno = stage.anna, stage.bruno
    for person in (anna, bruno):
        await person.port.join(CHANNEL)
    first = await _in_public(stage, anna, bruno, "Ciao! Does anybody hear me behind these relays?")
    second = await _in_public(
        stage, bruno, anna, "Loud and clear. They passed it on like any other envelope.", first
    )
    await _in_public(stage, anna, bruno, "Everybody can read along here. Elsewhere?", second)


async def play_keys(stage: Stage) -> None:
    """Let Anna learn Bruno's key."""
    stage.transcript.scene(
        "A key",
        "Bruno shows his code, and Anna scans it: from now on she knows to whom she writes.",
    )
    link = await stage.bruno.port.link()
    number = safety_number(stage.anna.port.public_key, stage.bruno.port.public_key)
    stage.transcript.link(stage.bruno.name, link, number)
    await stage.anna.port.add_contact(link, nickname=stage.bruno.name)


async def play_in_private(stage: Stage) -> None:
    """Let them talk alone: a first message, answers in turn, several in a row.

    Raises:
        CommandError: A message did not arrive.
    """
    stage.transcript.scene(
        "In private",
        "The first message knows Bruno's key alone. His answer agrees on a session (X3DH), and\n"
        "from then on each message has a key of its own, and each turn a fresh secret\n"
        "(Double Ratchet).",
    )
    anna, bruno = stage.anna, stage.bruno
    first = await _say(stage, anna, bruno, "Ciao Bruno. This one only you can read.")
    # To a stranger his device tells nothing, not even that he is there.
    await _arrive(stage, [first], is_acknowledged=False)
    await bruno.port.add_contact(anna.port.public_key, nickname=anna.name)
    stage.transcript.remark("(Bruno adds Anna. Until then his program answered nothing.)")
    await _arrive(stage, [await _say(stage, bruno, anna, "And this one only you. Go on!")])
    await _arrive(stage, [await _say(stage, anna, bruno, "Say some things in a row, then.")])
    for speaker, listener, texts in (
        (bruno, anna, ("One.", "Two, before you have one.", "And three.")),
        (anna, bruno, ("All three are here.", "In order, too.")),
    ):
        row = [await _say(stage, speaker, listener, text) for text in texts]
        await _arrive(stage, row)


async def play_crash(
    stage: Stage, kill: Callable[[], Awaitable[None]], restart: Callable[[], Awaitable[None]]
) -> None:
    """Kill Bruno while messages are on their way from and to him, and let him come back.

    Args:
        stage: Who plays.
        kill: Kills Bruno's process.
        restart: Starts it again, with a port in `stage.bruno`.

    Raises:
        CommandError: A message did not arrive.
    """
    stage.transcript.scene(
        "A crash",
        "Anna writes. Her messages are on their way when Bruno's process is killed, and what he\n"
        "has just said is on his disk and nowhere else.",
    )
    anna, bruno = stage.anna, stage.bruno
    texts = ("Come to the harbour tonight.", "At nine, by the old crane.", "Bring the map.")
    under_way = [await _say(stage, anna, bruno, text) for text in texts]
    await anna.knows(MessageState.SENT, *(saying.message.id for saying in under_way))
    under_way.append(await _say(stage, bruno, anna, "I was just going to ask wh-"))
    await kill()
    under_way.append(await _say(stage, anna, bruno, "Bruno?"))
    await restart()
    under_way.append(await _say(stage, bruno, anna, "I am back. Harbour, nine, the map."))
    under_way.append(await _say(stage, anna, bruno, "Sottovoce, then."))
    stage.transcript.remark(
        "What was under way arrives, with what Bruno had begun to say. What he had, and could not\n"
        "acknowledge any more, Anna's program repeats after five seconds:"
    )
    await _arrive(stage, under_way)


async def settle(stage: Stage) -> None:
    """Wait until everything that was said between the two is acknowledged.

    Raises:
        CommandError: Something is not.
    """
    for saying in stage.said:
        if saying.message.chat_id != CHANNEL:
            await delivered(saying)


def said_to(stage: Stage, people: Iterable[Person]) -> dict[str, list[Message]]:
    """Return what each device has to have in the end, in the order of saying.

    What Anna and Bruno said has to be on all devices of theirs; of a group each has what was said
    while they were in it.
    """
    said: dict[str, list[Message]] = {}
    two = {person.port.public_key for person in (stage.anna, stage.bruno)}
    for person in people:
        key = person.port.public_key
        said[person.name] = [each.message for each in stage.said if key in two]
        said[person.name] += [
            each.message
            for each in stage.said_in_group
            if key in {it.port.public_key for it in (each.speaker, *each.listeners)}
        ]
    return said


def said_by(stage: Stage, people: Iterable[Person]) -> dict[str, set[MessageId]]:
    """Return what was said to people on each device, which the device has to know of."""
    said = [(each.speaker, each.message) for each in stage.said]
    said += [(each.speaker, each.message) for each in stage.said_in_group]
    return {
        person.name: {
            message.id
            for speaker, message in said
            if speaker is person and message.chat_id != CHANNEL
        }
        for person in people
    }


async def _in_public(
    stage: Stage, speaker: Person, listener: Person, text: str, reply_to: Message | None = None
) -> Message:
    rightward = speaker is stage.anna
    before = carried_bytes(stage.hops, rightward=rightward)
    saying = await say(speaker, listener, CHANNEL, text, reply_to=reply_to)
    stage.said.append(saying)
    delivery = await delivered(saying, is_acknowledged=False)
    after = carried_bytes(stage.hops, rightward=rightward)
    hop_bytes = [now - then for now, then in zip(after, before, strict=True)]
    check_hops(hop_bytes, len(text.encode()))
    ports = [hop.ports for hop in stage.hops]
    stage.transcript.message(delivery, f"#{CHANNEL}", hop_bytes, ports)
    return saying.message


async def _say(stage: Stage, speaker: Person, listener: Person, text: str) -> Saying:
    saying = await say(speaker, listener, listener.port.public_key, text)
    stage.said.append(saying)
    return saying


async def _arrive(stage: Stage, sayings: Sequence[Saying], *, is_acknowledged: bool = True) -> None:
    for saying in sayings:
        delivery = await delivered(saying, is_acknowledged=is_acknowledged)
        stage.transcript.message(delivery, _PRIVATE, (), [])
