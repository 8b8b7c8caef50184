"""The counters of a node at one moment, as a program reads them: plain numbers by name."""

from dataclasses import asdict

from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.gossip.traffic import Tally
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.node.statistics import LinkStatistics
from sottovoce.sdk.application_port import ApplicationPort
from sottovoce.sdk.messages import Statistics, StreamStatistics


def read_counters(
    application: ApplicationPort, *, peer_count: int, unreadable_count: int
) -> Statistics:
    """Return the counters of this moment."""
    relay = application.relay_statistics()
    links = application.link_statistics()
    mail = application.mail_statistics()
    return Statistics(
        peer_count=peer_count,
        relay=_numbers_of(relay),
        dropped={reason.value: count for reason, count in relay.dropped.items()},
        unreadable_count=unreadable_count,
        failed_inputs=application.failed_inputs(),
        streams=tuple(
            StreamStatistics(at.local_port, at.remote_port, at.received_bytes, at.sent_bytes)
            for at in application.traffic()
        ),
        links=_numbers_of(links),
        ended=dict(links.ended),
        failures={failure.value: count for failure, count in relay.failures.items()},
        excesses={excess.value: count for excess, count in relay.excesses.items()},
        traffic=_numbers_of(relay.traffic),
        mail=None if mail is None else _numbers_of(mail),
        refused={} if mail is None else {why.value: n for why, n in mail.refused.items()},
    )


def _numbers_of(
    counters: RelayStatistics | LinkStatistics | MailStatistics | Tally,
) -> dict[str, int]:
    return {name: value for name, value in asdict(counters).items() if isinstance(value, int)}
