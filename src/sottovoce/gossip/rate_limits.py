"""Rate limits that we enforce: how much comes from one address, from one peer, on one topic.

It owns the accounts and the judgement whether a packet or an envelope exceeds a limit. What follows
from an excess is the relay's business. What peers ask of us is obeyed elsewhere (`throttle`).

An excess is not charged: whoever sends twice what is allowed has one half of it counted. Each
session has its own count, unlike in the Go nodes, where one peer's excesses end the connections
of others (docs/spec-deviations.md, "Rate limits").

Spec: 6/WAKU1, "Rate limits"; status-go waku/common/rate_limiter.go.
"""

from typing import Final, NamedTuple

from sottovoce.base.quantities import Topic
from sottovoce.base.token_bucket import TokenBucket
from sottovoce.gossip.dialect import PacketKind
from sottovoce.gossip.events import Excess
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.wishes import NO_RATE_LIMITS

# So many seconds' worth may come at once. What an honest peer sent while our process or the way
# between us stood still arrives in one piece; the Go nodes allow one second.
BURST_S: Final = 5.0

# Addresses whose accounts outlive their connections, so that dialling again starts no new one.
# Each takes half a kilobyte; beyond this the one that joined longest ago starts anew.
ADDRESSES_MAX: Final = 4096

# Topics with an account for each peer. A peer that sends each envelope on a topic of its own makes
# us forget the oldest, which costs it as many envelopes as are remembered for one more second's
# worth on a topic. Half a megabyte for a peer at most.
TOPICS_PER_PEER_MAX: Final = 1024

# What answers a question of ours is no part of a limit while the question is open; a mailserver
# answers as fast as it can.
ANSWER_KINDS: Final = frozenset(
    {PacketKind.DIRECT_MESSAGES, PacketKind.REQUEST_COMPLETE, PacketKind.SYNC_RESPONSE}
)


class _Rates(NamedTuple):
    """One kind of limit: how many and how many bytes a second, 0 for any; and how excesses count.

    Attributes:
        number: Packets or envelopes a second.
        size_bytes: Bytes a second.
        count_excess: What too many are counted as.
        bytes_excess: What too many bytes are counted as.
    """

    number: int
    size_bytes: int
    count_excess: Excess
    bytes_excess: Excess

    @property
    def are_set(self) -> bool:
        """Whether there is any limit."""
        return bool(self.number or self.size_bytes)


class Account:
    """What one address, one peer, or one topic of a peer may still send.

    Attributes:
        session_count: How many sessions are charged to it, if it is one for an address.
    """

    __slots__ = ("_bytes", "_count", "_rates", "session_count")

    def __init__(self, rates: _Rates) -> None:
        self._rates = rates
        self._count = limit_bucket(rates.number, BURST_S)
        self._bytes = limit_bucket(rates.size_bytes, BURST_S)
        self.session_count = 0

    def charge(self, size_bytes: int, now_s: float) -> list[Excess]:
        """Charge one packet or envelope, unless it exceeds a limit; return what it exceeds."""
        excesses = []
        if self._count is not None and self._count.ready_at_s(1) > now_s:
            excesses.append(self._rates.count_excess)
        if self._bytes is not None and self._bytes.ready_at_s(size_bytes) > now_s:
            excesses.append(self._rates.bytes_excess)
        if not excesses:
            if self._count is not None:
                self._count.spend(1, now_s)
            if self._bytes is not None:
                self._bytes.spend(size_bytes, now_s)
        return excesses


class PeerAccount:
    """What one session may still send, and how often it exceeded a limit.

    Attributes:
        excess_count: Packets and envelopes that exceeded a limit.
    """

    def __init__(self, by_address: Account | None, by_peer: _Rates, by_topic: _Rates) -> None:
        self._by_address: Final = by_address
        self._by_peer: Final = Account(by_peer) if by_peer.are_set else None
        self._topic_rates: Final = by_topic
        self._topics: Final[dict[Topic, Account]] = {}
        self.excess_count = 0

    @property
    def limits_topics(self) -> bool:
        """Whether envelopes have to be charged by their topics."""
        return self._topic_rates.are_set

    @property
    def topic_count(self) -> int:
        """How many topics are remembered, at most `TOPICS_PER_PEER_MAX`."""
        return len(self._topics)

    def charge_packet(self, size_bytes: int, now_s: float) -> list[Excess]:
        """Charge a packet to the peer and its address; return what it exceeds."""
        excesses = []
        for account in (self._by_address, self._by_peer):
            if account is not None:
                excesses += account.charge(size_bytes, now_s)
        self.excess_count += bool(excesses)
        return excesses

    def charge_envelope(self, topic: Topic, size_bytes: int, now_s: float) -> list[Excess]:
        """Charge an envelope to its topic; return what it exceeds."""
        account = self._topics.pop(topic, None)
        if account is None:
            account = Account(self._topic_rates)
            if len(self._topics) >= TOPICS_PER_PEER_MAX:
                # A dictionary keeps the order of insertion: the one that rested longest is first.
                del self._topics[next(iter(self._topics))]
        self._topics[topic] = account
        excesses = account.charge(size_bytes, now_s)
        self.excess_count += bool(excesses)
        return excesses

    def leave(self) -> None:
        """Note that the session is over."""
        if self._by_address is not None:
            self._by_address.session_count -= 1


class RateLimiter:
    """All accounts of one relay."""

    def __init__(self, settings: GossipSettings) -> None:
        rates = zip(settings.rate_limits, settings.byte_limits, strict=True)
        by_address, by_peer, by_topic = rates
        self._by_address: Final = _Rates(*by_address, Excess.ADDRESS_PACKETS, Excess.ADDRESS_BYTES)
        self._by_peer: Final = _Rates(*by_peer, Excess.PEER_PACKETS, Excess.PEER_BYTES)
        self._by_topic: Final = _Rates(*by_topic, Excess.TOPIC_ENVELOPES, Excess.TOPIC_BYTES)
        self._addresses: Final[dict[tuple[int, str], Account]] = {}

    @property
    def address_count(self) -> int:
        """How many addresses are remembered."""
        return len(self._addresses)

    def join(self, world: int, address: str) -> PeerAccount:
        """Open the account of a session.

        Args:
            world: Whose subprotocol is spoken; each tells its own limits.
            address: The host at the other end, or empty if it is not known.
        """
        by_address = None
        if address and self._by_address.are_set:
            by_address = self._account_of((world, address))
            by_address.session_count += 1
        return PeerAccount(by_address, self._by_peer, self._by_topic)

    def _account_of(self, address: tuple[int, str]) -> Account:
        account = self._addresses.pop(address, None)
        if account is None:
            account = Account(self._by_address)
            if len(self._addresses) >= ADDRESSES_MAX:
                self._forget_one()
        self._addresses[address] = account
        return account

    def _forget_one(self) -> None:
        """Forget the address that joined longest ago, if possible one without a session."""
        accounts = self._addresses
        first = next(iter(accounts))
        unused = (address for address, account in accounts.items() if not account.session_count)
        del accounts[next(unused, first)]


def rate_limiter_for(settings: GossipSettings) -> RateLimiter | None:
    """Return what enforces the limits of the settings; None if there is none to enforce."""
    if settings.rate_limits == settings.byte_limits == NO_RATE_LIMITS:
        return None
    return RateLimiter(settings)


def limit_bucket(per_s: int, burst_s: float) -> TokenBucket | None:
    """Return a full bucket for a limit, at least of one item; None if there is no limit.

    Args:
        per_s: What flows in each second; 0 is no limit.
        burst_s: How many seconds' worth it holds.
    """
    if not per_s:
        return None
    # Full at any time after the start of the clock, so that nobody has to ask what time it is.
    return TokenBucket(capacity=max(1.0, per_s * burst_s), refill_per_s=per_s, now_s=0.0)
