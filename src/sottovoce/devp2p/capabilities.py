"""Which subprotocols two peers share, and which packet codes each of them gets.

It owns the matching rule; it refuses to know what a subprotocol does.

Spec: devp2p rlpx.md, "Capability Messaging"; go-ethereum p2p/peer.go (order and tie rules).
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sottovoce.base.packets import Capability

BASE_CODE_COUNT: Final = 16  # codes 0 to 15 belong to the base protocol
# A sentence for people about a stranger's Hello; real nodes name a handful, in a few letters.
_SHOWN_COUNT: Final = 6
_SHOWN_NAME_LENGTH: Final = 16


class CodeRange(NamedTuple):
    """A shared subprotocol and the first packet code that is its own.

    Attributes:
        capability: What both sides run.
        offset: The code on the wire of its packet code 0.
    """

    capability: Capability
    offset: int


def sort_capabilities(capabilities: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Sort names and versions as Hello carries them: by the bytes of the name, then by version."""
    return sorted(capabilities, key=lambda entry: (entry[0].encode(), entry[1]))


def show_capabilities(capabilities: Sequence[tuple[str, int]]) -> str:
    """Name subprotocols for people, some of them if a stranger sent very many or long ones."""
    shown = [
        f"{ascii(name[:_SHOWN_NAME_LENGTH])[1:-1]}/{version}"
        for name, version in capabilities[:_SHOWN_COUNT]
    ]
    if len(capabilities) > _SHOWN_COUNT:
        shown.append(f"{len(capabilities) - _SHOWN_COUNT} more")
    return ", ".join(shown) or "nothing"


def match_capabilities(
    local: Sequence[Capability], remote: Iterable[tuple[str, int]]
) -> tuple[CodeRange, ...]:
    """Find what both sides run: of each name the highest version in common.

    Args:
        local: What we run; it brings the lengths, which are agreed by specification.
        remote: Name and version of what the peer says it runs, in any order, repeated or not.

    Returns:
        The shared subprotocols in the order of their names' bytes, with their first codes.
    """
    known = {(capability.name, capability.version): capability for capability in local}
    chosen: dict[str, Capability] = {}
    for entry in remote:
        capability = known.get(entry)
        if capability is None:
            continue
        best = chosen.get(capability.name)
        if best is None or best.version < capability.version:
            chosen[capability.name] = capability
    ranges: list[CodeRange] = []
    offset = BASE_CODE_COUNT
    for _, capability in sorted(chosen.items(), key=lambda item: item[0].encode()):
        ranges.append(CodeRange(capability, offset))
        offset += capability.code_count
    return tuple(ranges)


def find_range(ranges: Iterable[CodeRange], code: int) -> CodeRange | None:
    """Return the range that a code on the wire falls into, or None."""
    for candidate in ranges:
        if candidate.offset <= code < candidate.offset + candidate.capability.code_count:
            return candidate
    return None
