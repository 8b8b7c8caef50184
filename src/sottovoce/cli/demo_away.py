"""Somebody who was away in ``sottovoce demo``: what was said meanwhile waits at a mailserver."""

from typing import Final, Protocol

from sottovoce.chat.records import Group, MessageState
from sottovoce.cli.demo_people import ARRIVAL_TIMEOUT_S, GroupSaying, Person, Saying, say, together
from sottovoce.cli.demo_play import CHANNEL, Stage
from sottovoce.cli.output import CommandError, ExitCode

_CHANNEL: Final = f"#{CHANNEL}"


class Machines(Protocol):
    """What becomes of the machines."""

    @property
    def mailserver(self) -> str:
        """The enode URL of the mailserver."""
        ...

    async def switch_off(self) -> None:
        """End Bruno's process in order."""
        ...

    async def archived(self) -> int:
        """Wait until the mailserver has all that was said; returns how many envelopes it has."""
        ...

    async def leave_mailserver_alone(self) -> None:
        """Let go of all relays, and start the mailserver again, with an empty pool."""
        ...

    async def switch_on(self) -> float:
        """Start Bruno's process, which dials the mailserver alone.

        Returns:
            When it began, in seconds of the monotonic clock.
        """
        ...


async def play_away(stage: Stage, phone: Person, group: Group, machines: Machines) -> None:
    """Let Bruno be away while Anna writes, and get from a mailserver what he missed.

    Raises:
        CommandError: Something does not arrive.
    """
    stage.transcript.scene(
        "Away",
        "Bruno trusts a mailserver and switches his machine off. Anna writes in the channel, to\n"
        "him and in the group. Relays forget an envelope when its time is over; the mailserver\n"
        "archives it for thirty days.",
    )
    bruno = stage.bruno
    await bruno.port.set_mailservers([machines.mailserver])
    await machines.switch_off()
    written = await _write(stage, phone, group)
    stage.transcript.archived(await machines.archived(), [each.message for each in written])
    await machines.leave_mailserver_alone()
    started_s = await machines.switch_on()
    await together(
        "Bruno to get what he missed", *(bruno.hears(each.message.id) for each in written)
    )
    done = await bruno.port.fetch_history(timeout_s=ARRIVAL_TIMEOUT_S)
    if not done.complete:
        raise CommandError(f"Bruno misses something: {done.detail}", ExitCode.NOT_DELIVERED)
    [server] = await bruno.port.mailservers()
    for each in written:
        received, arrived_s = bruno.arrival(each.message.id)
        chat = {stage.said_in_group[-1].message.chat_id: group.name}.get(each.message.chat_id)
        where = chat or (_CHANNEL if each.message.chat_id == CHANNEL else "private")
        stage.transcript.caught_up(received, where, arrived_s - started_s)
    stage.transcript.fetched(bruno.name, server)
    await _learn(stage, phone, written, machines.mailserver)


async def _write(stage: Stage, phone: Person, group: Group) -> list[Saying]:
    """Let Anna write, and wait until a relay has it, and her phone."""
    anna, bruno = stage.anna, stage.bruno
    key = bruno.port.public_key
    in_public = await say(anna, bruno, CHANNEL, "The harbour master asks who is out tonight.")
    alone = await say(anna, bruno, key, "You are away. Then read it when you are back.")
    in_group = await say(anna, bruno, group, "Nine o'clock has become ten.")
    at_last = await say(anna, bruno, key, "Ten. And leave the lantern on.")
    stage.said.extend((in_public, alone, at_last))
    stage.said_in_group.append(GroupSaying(in_group.message, anna, (bruno,)))
    written = [in_public, alone, in_group, at_last]
    await together(
        "Anna's messages to leave, and to appear on her phone",
        *(anna.knows(MessageState.SENT, each.message.id) for each in written),
        *(phone.hears(each.message.id) for each in written),
    )
    return written


async def _learn(stage: Stage, phone: Person, written: list[Saying], mailserver: str) -> None:
    """Let Anna find the mailserver, and learn through it that Bruno has her messages."""
    anna = stage.anna
    for each in (anna, phone):
        await each.port.connect(mailserver)
    private = [each.message.id for each in written if each.message.chat_id != CHANNEL]
    await together(
        "Anna to learn that he has it",
        *(anna.knows(MessageState.ACKNOWLEDGED, each) for each in private),
    )
    stage.transcript.remark(
        "Anna's program finds the mailserver, too, and learns there that Bruno has her messages."
    )
