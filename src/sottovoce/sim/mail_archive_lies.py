"""An archive that lies, behind a mailserver that believes it: for worlds of whole nodes."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from typing_extensions import override

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.mail.archive import Page, Selection
from sottovoce.sim.mail_traffic import MailTraffic

INVENTED: Final = 5
OMITTED: Final = 0.5


class ArchiveLie(Enum):
    """What an archive does to its pages."""

    OMIT = "archive omits"
    REORDER = "archive reorders"
    EMPTY = "archive finds nothing"
    WRONG_TOPICS = "archive finds other topics"
    ENDLESS = "archive never ends"


class LyingArchive(MemoryArchive):
    """An archive that keeps everything and gives what it likes.

    Args:
        random: What is drawn.

    Attributes:
        told: How often it lied, by kind.
    """

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random: Final = random
        self._traffic: Final = MailTraffic(random, ())
        self.told: Final[dict[str, int]] = {lie.value: 0 for lie in ArchiveLie}

    @override
    def query(self, selection: Selection) -> Page:
        """Return a page that is not what was asked for."""
        page = super().query(selection)
        lie = self._random.choice(tuple(ArchiveLie))
        self.told[lie.value] += 1
        envelopes = self._twist(lie, page.envelopes, selection)
        return replace(page, envelopes=tuple(envelopes), has_more=lie is ArchiveLie.ENDLESS)

    def _twist(
        self, lie: ArchiveLie, envelopes: Sequence[bytes], selection: Selection
    ) -> Sequence[bytes]:
        match lie:
            case ArchiveLie.OMIT:
                return [raw for raw in envelopes if self._random.random() >= OMITTED]
            case ArchiveLie.REORDER:
                return self._random.sample(envelopes, len(envelopes))
            case ArchiveLie.EMPTY:
                return ()
            case ArchiveLie.WRONG_TOPICS:
                invented = [
                    self._traffic.invent(self._traffic.unheard(), selection.from_unix_s).raw
                    for _ in range(INVENTED)
                ]
                return [*envelopes, *invented]
            case ArchiveLie.ENDLESS:
                return envelopes
