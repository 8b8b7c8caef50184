"""How ``sottovoce demo`` tells what happens: a transcript for people, objects for programs."""

from collections.abc import Sequence
from typing import Final

from sottovoce.chat.records import Device, Group, Message, MessageState
from sottovoce.cli.demo_check import Kept
from sottovoce.cli.demo_people import Delivery
from sottovoce.cli.mail_text import count_text
from sottovoce.cli.output import Output
from sottovoce.identity.qr_code import qr_code
from sottovoce.mail.client_events import ServerStatus
from sottovoce.payloads.message_id import message_id_text
from sottovoce.sdk.events import MessageReceived
from sottovoce.secure.facts import Secrecy

_WIDTH: Final = 78
_QUOTE_CHARACTERS_MAX: Final = 60
_MILLISECONDS: Final = 1000
_SECRECY: Final = {
    Secrecy.PUBLIC: "public",
    Secrecy.DH_ONLY: "no forward secrecy",
    Secrecy.RATCHET: "forward secrecy",
}


class Transcript:
    """Tells each thing as it happens.

    Args:
        output: Where it is told.
    """

    def __init__(self, output: Output) -> None:
        self._output = output

    def scene(self, title: str, explanation: str) -> None:
        """Begin a part; programs need no parts."""
        if not self._output.as_json:
            self._output.result(f"\n── {title} {'─' * (_WIDTH - len(title) - 4)}\n{explanation}")

    def remark(self, text: str) -> None:
        """Say something between messages; programs need no remarks."""
        if not self._output.as_json:
            self._output.result(f"\n{text}")

    def network(self, relay_count: int, pids: dict[str, int]) -> None:
        """Tell who is there."""
        names = ["Anna", *(f"relay {number + 1}" for number in range(relay_count)), "Bruno"]
        processes = " and ".join(f"{name} (process {pid})" for name, pid in pids.items())
        self._output.result(
            f"{' ── '.join(names)}\n"
            f"Real sockets on 127.0.0.1, {relay_count + 1} hops. {processes}\n"
            "are programs of their own, each with an encrypted database.\n\n"
            "Under each message: how it was protected, and after how many milliseconds its\n"
            "author's program had stored it (queued), knew that a relay took it (sent) or that\n"
            "the other has it (acknowledged), and the other had it (there). They include a\n"
            "random wait of up to 300 ms at its author's node, which hides where it began.",
            event="network",
            relays=relay_count,
            hops=relay_count + 1,
            processes=pids,
        )

    def link(self, name: str, link: str, safety_number: str) -> None:
        """Show what leads to a person, and what makes sure that it does."""
        halves = safety_number.split(" ")
        middle = len(halves) // 2
        self._output.result(
            f"\n{qr_code(link).terminal_text()}\n{link}\n\n"
            f"Both see the same safety number, so nobody stands between them:\n"
            f"    {' '.join(halves[:middle])}\n    {' '.join(halves[middle:])}",
            event="link",
            name=name,
            link=link,
            safety_number=safety_number,
        )

    def message(
        self, delivery: Delivery, chat: str, hop_bytes: Sequence[int], hop_ports: list[list[int]]
    ) -> None:
        """Tell a message that arrived, with its way.

        Args:
            delivery: What arrived.
            chat: Where it was said, as people name it.
            hop_bytes: What each hop carried meanwhile; empty where nobody counted.
            hop_ports: The ports of each hop.
        """
        message, received = delivery.message, delivery.received
        lines = [f"\n{delivery.saying.speaker.name}: {message.text}"]
        quoted = received.quoted
        if quoted is not None:
            lines.insert(1, f"    > {_shortened(quoted.text)}")
        lines.append(f"    {_secrecy(received.message)}   {_way(delivery)}")
        if hop_bytes:
            lines.append(f"    bytes over each hop: {', '.join(f'{n:,}' for n in hop_bytes)}")
        self._output.result(
            "\n".join(lines),
            event="message",
            chat=chat,
            speaker=delivery.saying.speaker.name,
            text=message.text,
            id=message_id_text(message.id),
            reply_to=None if quoted is None else message_id_text(quoted.id),
            secrecy=_secrecy(received.message),
            states=[
                {"state": step.state.value, "peers": step.peer_count, "ms": round(ms, 1)}
                for step, ms in delivery.steps
            ],
            arrived_ms=round(delivery.arrival_ms, 1),
            hop_ports=hop_ports,
            hop_bytes=list(hop_bytes),
        )

    def joined_in(self, pids: dict[str, int]) -> None:
        """Tell who else is there now."""
        names = " and ".join(f"{name} (process {pid})" for name, pid in pids.items())
        self._output.result(
            f"\n{names} start, behind the relay in the middle.", event="network", processes=pids
        )

    def paired(self, name: str, device: Device, code: str) -> None:
        """Tell that a device gives another one all that is said on it."""
        self._output.result(
            f"    on {name}: sottovoce device pair {code}   ({device.name})",
            event="device enabled",
            on=name,
            name=device.name,
            code=code,
        )

    def copied(self, name: str, delivery: Delivery, arrived_s: float) -> None:
        """Tell that a message appeared on another device of its author or its reader."""
        ms = (arrived_s - delivery.saying.started_s) * _MILLISECONDS
        self._output.result(
            f"    on {name} after {ms:.0f} ms",
            event="copy",
            on=name,
            id=message_id_text(delivery.message.id),
            arrived_ms=round(ms, 1),
        )

    def group(self, sentence: str, event: str, group: Group) -> None:
        """Tell what became of a group."""
        count = len(group.members)
        self._output.result(
            f"\n{sentence} ({count} in it, {len(group.joined)} have joined)",
            event=f"group {event}",
            id=group.chat_id,
            name=group.name,
            members=count,
            joined=len(group.joined),
        )

    def group_message(self, deliveries: Sequence[Delivery], group: str) -> None:
        """Tell a message that arrived at all members.

        Args:
            deliveries: How it came to each of them.
            group: What the group is called.
        """
        first = deliveries[0]
        message, name = first.message, first.saying.speaker.name
        there = ", ".join(
            f"{one.saying.listener.name} {one.arrival_ms:.0f} ms ({_secrecy(one.received.message)})"
            for one in deliveries
        )
        counts = f"{message.acknowledged_count} of {message.recipient_count}"
        last_ms = first.steps[-1][1]
        self._output.result(
            f"\n{name} in {group}: {message.text}\n"
            f"    there: {there}\n    acknowledged by {counts} after {last_ms:.0f} ms",
            event="message",
            chat=f"group {group}",
            speaker=name,
            text=message.text,
            id=message_id_text(message.id),
            listeners=[
                {
                    "name": each.saying.listener.name,
                    "secrecy": _secrecy(each.received.message),
                    "arrived_ms": round(each.arrival_ms, 1),
                }
                for each in deliveries
            ],
            recipients=message.recipient_count,
            acknowledged=message.acknowledged_count,
            acknowledged_ms=round(last_ms, 1),
        )

    def refusal(self, name: str, reason: str) -> None:
        """Tell that somebody could not do something any more."""
        self._output.result(
            f"\n{name} tries to write there: {reason}.", event="refused", name=name, reason=reason
        )

    def killed(self, name: str, pid: int, kept: Kept) -> None:
        """Tell that a process is no more."""
        count = len(kept.messages)
        self._output.result(
            f"\nkill -9 {pid}: {name} is gone in the middle. {count} messages are on the disk.",
            event="killed",
            name=name,
            pid=pid,
            messages_on_disk=count,
        )

    def restarted(self, name: str, pid: int, seconds: float) -> None:
        """Tell that a person is back in a new process."""
        self._output.result(
            f"{name} starts again as process {pid}, and is connected after {seconds:.1f} s.",
            event="restarted",
            name=name,
            pid=pid,
            seconds=round(seconds, 2),
        )

    def archived(self, envelope_count: int, written: Sequence[Message]) -> None:
        """Tell that what was written to somebody who is away waits in an archive."""
        self._output.result(
            f"\nBruno's machine is off. Anna writes {len(written)} messages. The archive has\n"
            f"{envelope_count} envelopes now. Then all relays are switched off, Anna is cut off "
            "with them, and\nthe mailserver is started again, so that nothing waits in any pool. "
            "Bruno switches\non, and his program finds the mailserver alone:",
            event="away",
            name="Bruno",
            written=[message_id_text(message.id) for message in written],
            envelopes_archived=envelope_count,
        )

    def caught_up(self, received: MessageReceived, chat: str, after_s: float) -> None:
        """Tell that somebody got a message that was said while they were away."""
        message = received.message
        self._output.result(
            f"\nAnna ({chat}): {message.text}\n"
            f"    {_secrecy(message)}   there {after_s:.1f} s after Bruno switched on",
            event="caught up",
            chat=chat,
            id=message_id_text(message.id),
            text=message.text,
            secrecy=_secrecy(message),
            after_s=round(after_s, 2),
        )

    def fetched(self, name: str, server: ServerStatus) -> None:
        """Tell how a mailserver answered."""
        self._output.result(
            f"\nThe mailserver answered {name} with {count_text(server.pages, 'page')}. "
            "What he had already is not shown again.",
            event="fetched",
            name=name,
            pages=server.pages,
            failures=server.failures,
        )

    def check(
        self, counts: dict[str, int], said: dict[str, int], faults: Sequence[str], wall_s: float
    ) -> None:
        """Tell what the databases say.

        Args:
            counts: How many messages each database has.
            said: How many it should have.
            faults: What is wrong.
            wall_s: How long all of it took.
        """
        have = ", ".join(f"{count} of {said[name]} in {name}'s" for name, count in counts.items())
        verdict = "each exactly once, in the same order." if not faults else "but:"
        lines = [f"\n{have}, {verdict}", *(f"    {fault}" for fault in faults)]
        if not faults:
            lines.append(
                "Carla's has nothing of what was said after she was removed, and the conversation\n"
                "went on in the session that it had before the crash. "
                f"({wall_s:.0f} s in all)"
            )
        self._output.result(
            "\n".join(lines),
            event="check",
            said=said,
            kept=counts,
            faults=list(faults),
            seconds=round(wall_s, 1),
        )


def _way(delivery: Delivery) -> str:
    """Return the steps of a message in the order in which they happened."""
    steps = [(ms, _state(message)) for message, ms in delivery.steps]
    steps.append((delivery.arrival_ms, "there"))
    return ", ".join(f"{what} {ms:.0f} ms" for ms, what in sorted(steps))


def _state(message: Message) -> str:
    if message.state is MessageState.SENT:
        return f"sent to {message.peer_count} peer{'s' * (message.peer_count != 1)}"
    return str(message.state.value)


def _secrecy(message: Message) -> str:
    assert message.secrecy is not None, "what arrived came protected in some way"
    return _SECRECY[message.secrecy]


def _shortened(text: str) -> str:
    if len(text) <= _QUOTE_CHARACTERS_MAX:
        return text
    return text[: _QUOTE_CHARACTERS_MAX - 1] + "…"
