"""What was heard: which filters had which message, so that history repeats nothing.

Envelopes come twice: live and out of an archive, from one mailserver and from another, in pages
that overlap. It knows hashes and numbers, and neither messages nor peers.

Spec: none; go-ethereum whisper/whisperv6/filter.go keeps a set per filter for the same end.
"""

from typing import Final

from sottovoce.base.quantities import EnvelopeHash

# Some days of a busy person, in 12 MB. What is older than that may be told again, and those who
# keep messages know them by their own names.
HASHES_MAX: Final = 65_536


class Heard:
    """A bounded memory of envelopes, the oldest forgotten first."""

    def __init__(self, hashes_max: int = HASHES_MAX) -> None:
        self._hashes_max = hashes_max
        # A number may name one filter today and another one tomorrow; each has its own place.
        self._places: dict[int, int] = {}
        self._next_place = 0
        self._told: dict[EnvelopeHash, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._told)

    def filter_installed(self, number: int) -> None:
        """Take a filter that has heard nothing yet."""
        self._next_place += 1
        self._places[number] = self._next_place

    def filter_removed(self, number: int) -> None:
        """Let go of a filter's number."""
        self._places.pop(number, None)

    def note(self, envelope: EnvelopeHash) -> bool:
        """Note that an envelope came, opened or not; tells whether nothing was known of it."""
        is_new = envelope not in self._told
        if is_new:
            self._remember(envelope, ())
        return is_new

    def take_untold(self, envelope: EnvelopeHash, filters: tuple[int, ...]) -> tuple[int, ...]:
        """Return those of the filters that have not had a message, and note that they have it."""
        places = self._places
        told = self._told.get(envelope)
        if told is None:
            self._remember(envelope, tuple([places.get(number, 0) for number in filters]))
            return filters
        untold = tuple(number for number in filters if places.get(number, 0) not in told)
        if untold:
            self._told[envelope] = told + tuple(places.get(number, 0) for number in untold)
        return untold

    def forget(self, envelope: EnvelopeHash) -> None:
        """Forget who had a message: somebody had no place for it after all."""
        self._told.pop(envelope, None)

    def _remember(self, envelope: EnvelopeHash, told: tuple[int, ...]) -> None:
        self._told[envelope] = told
        if len(self._told) > self._hashes_max:
            del self._told[next(iter(self._told))]
