"""`sim topics`: one topic against many: what it costs, and what it shows.

Fewer topics make people receive what is meant for others; more topics, announced to peers, tell
these peers with whom somebody talks. Both are measured on the node code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sottovoce.gossip.settings import Interest
from sottovoce.sim.light_network import LIGHT_KINDS
from sottovoce.sim.topics_bandwidth import BandwidthLine, BandwidthSettings, Scheme, Village
from sottovoce.sim.topics_footprint import FootprintLine, Observer
from sottovoce.sim.topics_person import make_listener

CONTACTS: Final = (5, 15, 50)
_ANNOUNCED: Final = (Interest.BLOOM, Interest.TOPICS)


@dataclass(frozen=True, slots=True)
class FootprintSettings:
    """Who is looked at, and by whom.

    Attributes:
        contacts: How many contacts people have, one person after the other.
        chats: How many public chats each is in.
        keys: How many public keys the observer knows, the person's and the contacts' included.
        topics: Of how many topics the observer knows what they are about.
        additions: How many topics are added, one at a time.
    """

    contacts: tuple[int, ...] = CONTACTS
    chats: int = 5
    keys: int = 10_000
    topics: int = 100_000
    additions: int = 21


@dataclass(frozen=True, slots=True)
class TopicsSettings:
    """What is asked.

    Attributes:
        seed: Everything random follows from it.
        bandwidth: How many people say how much.
        footprint: Who is looked at, and by whom.
    """

    seed: int = 1
    bandwidth: BandwidthSettings = field(default_factory=BandwidthSettings)
    footprint: FootprintSettings = field(default_factory=FootprintSettings)


@dataclass(frozen=True, slots=True)
class TopicsResult:
    """What was measured.

    Attributes:
        settings: What was asked.
        bandwidth: What people receive.
        footprint: What a peer learns of them.
    """

    settings: TopicsSettings
    bandwidth: tuple[BandwidthLine, ...]
    footprint: tuple[FootprintLine, ...]


def run_topics(settings: TopicsSettings, on_progress: Callable[[float, str], None]) -> TopicsResult:
    """Measure both.

    Args:
        settings: What is asked.
        on_progress: Told how far it is, 0 to 1, and what it is at.
    """
    bandwidth = _bandwidth(settings, lambda done: on_progress(done / 2, "bandwidth"))
    footprint = _footprint(settings, lambda done: on_progress((1 + done) / 2, "footprint"))
    return TopicsResult(settings, tuple(bandwidth), tuple(footprint))


def _bandwidth(
    settings: TopicsSettings, on_progress: Callable[[float], None]
) -> list[BandwidthLine]:
    village = Village(settings.bandwidth, settings.seed)
    cases = [(scheme, kind) for scheme in Scheme for kind in LIGHT_KINDS]
    lines = []
    for place, (scheme, kind) in enumerate(cases):
        on_progress(place / len(cases))
        lines.append(village.run(scheme, kind))
    return lines


def _footprint(
    settings: TopicsSettings, on_progress: Callable[[float], None]
) -> list[FootprintLine]:
    wanted, seed = settings.footprint, settings.seed
    observer = Observer(seed, keys=wanted.keys, topics=wanted.topics, additions=wanted.additions)
    lines = []
    for place, contacts in enumerate(wanted.contacts):
        on_progress(place / len(wanted.contacts))
        listener = make_listener(seed, contacts=contacts, chats=wanted.chats)
        lines += [observer.look(listener, interest, seed) for interest in _ANNOUNCED]
    return lines
