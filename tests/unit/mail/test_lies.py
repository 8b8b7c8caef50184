"""One honest server of three, and two that lie."""

import pytest

from sottovoce.mail.settings import ClientSettings
from unit.mail.history import DAY, UNIX_S, Archive, Scene, envelopes, key
from unit.mail.liars import LIARS

DAYS = 3
KEPT = envelopes(320, first=UNIX_S - DAY, last=UNIX_S + DAYS * DAY)


@pytest.mark.parametrize("liar", LIARS)
def test_nothing_is_missed_and_liars_are_asked_no_more_than_three_times_as_often(
    liar: type[Archive],
) -> None:
    archives: dict[int, Archive] = {n: liar(KEPT, page=30) for n in (1, 2)}
    archives[3] = Archive(KEPT, page=30)
    scene = Scene(archives, settings=ClientSettings(refresh_s=3600))
    scene.run(DAYS * DAY)
    assert scene.missed(archives[3], since=UNIX_S - DAY, until=UNIX_S + DAYS * DAY - 3700) == []
    asked = [sum(named == key(n) for _, named, _ in scene.asked) for n in archives]
    assert max(asked) <= 3 * asked[-1]
    assert scene.told[0].new >= 80
