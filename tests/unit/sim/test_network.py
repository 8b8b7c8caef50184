from random import Random

from sottovoce.sim.network import LOSSES_MAX, RETRANSMISSION_S, LinkQuality, Network


def flights(quality: LinkQuality, count: int = 500) -> tuple[Network, list[float]]:
    network = Network(quality, Random(1))
    return network, [network.flight_s() for _ in range(count)]


def test_time_of_flight_lies_between_the_limits() -> None:
    network, times = flights(LinkQuality(delay_min_s=0.1, delay_max_s=0.2))
    assert min(times) >= 0.1
    assert max(times) <= 0.2
    assert max(times) - min(times) > 0.05
    assert (network.segment_count, network.loss_count) == (500, 0)


def test_lost_segments_arrive_later_by_whole_retransmissions() -> None:
    network, times = flights(LinkQuality(delay_min_s=0.1, delay_max_s=0.1, loss=0.3))
    late = {round((time - 0.1) / RETRANSMISSION_S) for time in times}
    assert {0, 1, 3, 7} <= late
    assert 90 <= network.loss_count <= 350


def test_losses_in_a_row_are_bounded() -> None:
    network, [time] = flights(LinkQuality(delay_min_s=0, delay_max_s=0, loss=0.999999), 1)
    assert network.loss_count == LOSSES_MAX
    assert time == RETRANSMISSION_S * (2**LOSSES_MAX - 1)


def test_same_seed_gives_the_same_flights() -> None:
    quality = LinkQuality(loss=0.2)
    assert flights(quality)[1] == flights(quality)[1]
