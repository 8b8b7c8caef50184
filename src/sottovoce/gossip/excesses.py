"""Excesses: what follows when a peer sends more than our limits allow.

It owns who is judged, the counters and the end of a session that exceeded too often. What exceeds a
limit is `rate_limits`' business.

Spec: 6/WAKU1, "Rate limits"; status-go waku/common/rate_limiter.go (docs/spec-deviations.md, "Rate
limits").
"""

from typing import Final

from sottovoce.base.packets import Packet
from sottovoce.gossip.dialect import PacketKind
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import Drop, Excess, Failure
from sottovoce.gossip.rate_limits import ANSWER_KINDS, PeerAccount
from sottovoce.gossip.relay_state import Gathered, RelayState
from sottovoce.gossip.session import Session

_CONFIRMATIONS: Final = frozenset({PacketKind.BATCH_ACKNOWLEDGED, PacketKind.MESSAGE_RESPONSE})
# A confirmation has some forty bytes, and a hundred more for each envelope that it refuses. One
# that is larger counts like any other packet, for it costs what its bytes cost.
OWED_BYTES_MAX: Final = 4096


class Excesses:
    """The part of a relay that judges how much its peers send."""

    def __init__(self, state: RelayState) -> None:
        self._state: Final = state

    def charge_packet(self, session: Session, packet: Packet, gathered: Gathered) -> bool:
        """Charge a packet, which is processed all the same; tell whether it ended the session.

        Trusted peers are not judged, and neither is what answers an open question of ours. How many
        confirmations a Go node sends is our doing: it owes two for each packet that it gets.
        """
        account, kind = session.account, session.dialect.kinds.get(packet.code)
        is_answer = (session.asked and kind in ANSWER_KINDS) or _is_owed(session, packet)
        if account is None or not session.is_greeted or session.trusted or is_answer:
            return False
        excesses = account.charge_packet(len(packet.payload), self._state.now_s)
        self._count(session, account, excesses, gathered)
        return session.has_failed

    def charge_envelope(self, session: Session, envelope: Envelope, gathered: Gathered) -> bool:
        """Charge a new envelope to its topic; tell whether it is over a limit."""
        account = session.account
        if account is None or not account.limits_topics or session.trusted:
            return False
        size_bytes = len(envelope.raw)
        excesses = account.charge_envelope(envelope.topic, size_bytes, self._state.now_s)
        self._state.statistics.dropped[Drop.OVER_LIMIT] += bool(excesses)
        self._count(session, account, excesses, gathered)
        return bool(excesses)

    def _count(
        self, session: Session, account: PeerAccount, excesses: list[Excess], gathered: Gathered
    ) -> None:
        for excess in excesses:
            self._state.statistics.excesses[excess] += 1
        tolerance = self._state.settings.limit_tolerance
        if excesses and 0 < tolerance < account.excess_count:
            detail = f"exceeded our limits {account.excess_count} times, of which {tolerance} are"
            self._state.fail(session, Failure.LIMITS, gathered, f"{detail} tolerated")


def _is_owed(session: Session, packet: Packet) -> bool:
    """Tell whether a packet confirms what we sent, as far as that can be told unread."""
    is_confirmation = session.dialect.kinds.get(packet.code) in _CONFIRMATIONS
    is_small = len(packet.payload) <= OWED_BYTES_MAX
    return is_confirmation and is_small and session.answers_owed > 0
