"""``sottovoce peer``: check a peer step by step, save peers to keep, list them."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Final

from sottovoce.adapters.peer_file import SavedPeer, add_peer, read_peers
from sottovoce.cli.output import CommandError, ExitCode, Output, printable
from sottovoce.devp2p.enode import parse_enode
from sottovoce.sdk.probe import Cause, StepResult, probe

_EXIT_CODES: Final = {
    Cause.INPUT: ExitCode.USAGE,
    Cause.NETWORK: ExitCode.NETWORK,
    Cause.REFUSED: ExitCode.UNTRUSTED,
    Cause.SILENCE: ExitCode.NOT_DELIVERED,
}


async def run_check(enode: str, timeout_s: float, *, as_json: bool) -> None:
    """Try to become a peer, and print each step."""
    async with aclosing(probe(enode, timeout_s=timeout_s)) as results:
        await print_steps(Output(as_json=as_json), results)


async def print_steps(output: Output, results: AsyncIterator[StepResult]) -> None:
    """Print each step of a check as it is done.

    Raises:
        CommandError: A step failed; the text names it and the remedy.
    """
    async for result in results:
        _print_step(output, result)
        if not result.ok:
            raise CommandError(
                f"{result.step.value} failed; {result.remedy}", _EXIT_CODES[result.cause]
            )


def _print_step(output: Output, result: StepResult) -> None:
    detail = printable(result.detail)
    output.result(
        f"{result.step.value:<10} {'ok' if result.ok else 'FAILED'}: {detail}",
        event="step",
        step=result.step.value,
        ok=result.ok,
        detail=detail,
        remedy=result.remedy,
    )


async def run_add(enode: str, directory: Path, *, trusted: bool, as_json: bool) -> None:
    """Save a peer that `node run` keeps connected to."""
    output = Output(as_json=as_json)
    peer = SavedPeer(parse_enode(enode), trusted)
    _make_directory(directory)
    is_new = add_peer(directory, peer)
    output.result(
        f"{'added' if is_new else 'changed'} {peer.enode}",
        event="added" if is_new else "changed",
        enode=str(peer.enode),
        trusted=trusted,
    )
    output.talk("a node that runs already learns of it at its next start")


async def run_list(directory: Path, *, as_json: bool) -> None:
    """Print the saved peers."""
    output = Output(as_json=as_json)
    peers = read_peers(directory)
    for peer in peers:
        output.result(
            peer.line().rstrip(), event="peer", enode=str(peer.enode), trusted=peer.trusted
        )
    if not peers:
        output.talk(f"no peers are saved in {directory}; add one with: sottovoce peer add ENODE")


def _make_directory(directory: Path) -> None:
    """Make the data directory if it is not there.

    Raises:
        CommandError: It cannot be made.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"cannot make {directory}: {error.strerror}", ExitCode.USAGE) from None
