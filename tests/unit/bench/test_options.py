"""Options: how much is done, and the order of measurements."""

from bench.options import Options, interleaved


def test_full_form_does_more_of_everything() -> None:
    quick, full = Options(), Options(quick=False)
    assert (quick.scaled(100), full.scaled(100)) == (100, 1000)
    assert quick.rounds < full.rounds


def test_measurements_are_made_in_turns_and_their_median_counts() -> None:
    order: list[str] = []
    values = {"ours": iter([5.0, 1.0, 2.0]), "peer": iter([7.0, 9.0, 8.0])}

    def measure(name: str) -> float:
        order.append(name)
        return next(values[name])

    medians = interleaved(3, {"ours": lambda: measure("ours"), "peer": lambda: measure("peer")})
    assert medians == {"ours": 2.0, "peer": 8.0}
    assert order == ["ours", "peer"] * 3
