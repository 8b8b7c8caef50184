"""Whoever asks for history misses nothing that an honest server has, wherever it is cut off."""

from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from sottovoce.mail.client_events import ClientEvent, PageEnd
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.settings import ClientSettings
from unit.mail.history import DAY, OTHER, TOPIC, UNIX_S, Answer, Archive, Scene, envelopes

WINDOW = 3 * DAY
KEPT = [
    *envelopes(90, first=UNIX_S - WINDOW, last=UNIX_S - 1),
    *envelopes(40, first=UNIX_S - WINDOW, last=UNIX_S - 1, of=OTHER),
]


class CrashingScene(Scene):
    """Begins a new life at a numbered event: before its commit, or after it."""

    def __init__(
        self,
        archives: dict[int, Archive],
        crashes: dict[int, bool],
        *,
        blurred: bool,
        witnesses: int,
    ) -> None:
        self.events = 0
        self.crashes = crashes
        wishes = ClientSettings(
            witnesses=witnesses, blurred=blurred, first_window_s=WINDOW, refresh_s=20_000
        )
        super().__init__(archives, topics=(TOPIC, OTHER), settings=wishes)

    @override
    def tell(self, event: ClientEvent) -> None:
        self.events += 1
        is_kept = self.crashes.pop(self.events, None)
        if is_kept is None:
            super().tell(event)
            return
        before = deepcopy((self.store, self.got))
        self.client.handle(event, self.now)  # What it wants done is not done any more.
        if not is_kept:
            self.store, self.got = before
        self.begin()

    @override
    def begin(self) -> None:
        self.check()
        super().begin()

    def check(self) -> None:
        """Check that nothing counts as covered that did not come."""
        covered = list(self.store.load_covered())
        for archive in self.archives.values():
            for it in archive.kept:
                is_covered = any(
                    row.topic == it.topic and row.from_unix_s <= it.sent_unix_s <= row.to_unix_s
                    for row in covered
                )
                assert it.hash in self.got or not is_covered


class Unsteady(Archive):
    """Answers honestly, or not at all for one of many reasons."""

    def __init__(self, ends: list[PageEnd], *, page: int, goes_up: bool) -> None:
        super().__init__(KEPT, page=page, goes_up=goes_up)
        self.ends = ends

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        answer = super().answer(wanted)
        if self.ends:
            end = self.ends.pop()
            if end is not PageEnd.ANSWERED:
                return Answer(answer.found[: len(answer.found) // 2], b"", end, "for some reason")
        return answer


@settings(max_examples=40)
@given(
    crashes=st.dictionaries(st.integers(1, 120), st.booleans(), max_size=6),
    ends=st.lists(st.sampled_from([*PageEnd, PageEnd.ANSWERED, PageEnd.ANSWERED]), max_size=12),
    page=st.integers(7, 50),
    goes_up=st.booleans(),
    blurred=st.booleans(),
    servers=st.integers(1, 3),
    witnesses=st.integers(1, 3),
)
def test_nothing_of_the_window_is_missed(
    crashes: dict[int, bool],
    ends: list[PageEnd],
    page: int,
    goes_up: bool,
    blurred: bool,
    servers: int,
    witnesses: int,
) -> None:
    archive = Unsteady(ends, page=page, goes_up=goes_up)
    archives: dict[int, Archive] = dict.fromkeys(range(1, servers + 1), archive)
    scene = CrashingScene(archives, crashes, blurred=blurred, witnesses=witnesses)
    scene.run(3 * DAY)
    scene.check()
    assert scene.missed(archive, since=UNIX_S - WINDOW, until=UNIX_S) == []
    covered = {row.topic for row in scene.store.load_covered()}
    assert covered == {TOPIC, OTHER}
