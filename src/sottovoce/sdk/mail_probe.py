"""Checking one mailserver: the steps of becoming its peer, then a request, then its answer.

It asks for the first envelope of the last day, of any topic, under a key made for this check alone:
the server learns nothing but an address. What comes is counted and thrown away.
"""

from collections.abc import AsyncGenerator
from typing import Final

from typing_extensions import override

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.gossip import events as gossip
from sottovoce.gossip.bloom import BLOOM_BYTES, FULL_BLOOM
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest, encode_request
from sottovoce.mail.settings import DAY_S
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.sdk.probe import Cause, Question, Step, StepResult, probe

# Five seconds more than becoming a peer: a server may have a large archive to look through.
MAIL_PROBE_TIMEOUT_S: Final = 20.0
_TOPIC: Final = Topic(bytes(4))
_TTL_S: Final = 50
# Ten times what Status' servers ask for; some thousand tries at the most.
_POW: Final = 0.02
_TRIES_MAX: Final = 200_000

_SILENT: Final = (
    "the node is no mailserver (ask its operator), or an old one that says nothing to a wrong "
    "password"
)
_NO_END: Final = (
    "it is a server of an old kind, as go-ethereum's wnode, which does not say where its answer "
    "ends: choose another one"
)
_NOT_OPENED: Final = "decrypt"
# What servers say, as far as it is known, in the order in which it is looked for.
_REFUSALS: Final = (
    (_NOT_OPENED, Cause.REFUSED, "the password is not the server's: ask its operator"),
    (
        "limit exceeded",
        Cause.SILENCE,
        "you have asked too often: wait a while and try again",
    ),
    ("pow", Cause.NETWORK, "the server wants more work than anybody does: ask its operator"),
)
_OTHER_REFUSAL: Final = "try again later, and ask the operator of the server what it means"


async def probe_mailserver(
    server: Mailserver, *, timeout_s: float = MAIL_PROBE_TIMEOUT_S
) -> AsyncGenerator[StepResult, None]:
    """Try to become a mailserver's peer and to get an answer, and report each step as it is done.

    Args:
        server: The mailserver.
        timeout_s: Seconds for everything together.

    Yields:
        One result a step; the first failure is the last.
    """
    question = _FirstEnvelope(server)
    async for result in probe(str(server.enode), timeout_s=timeout_s, question=question):
        yield result


class _FirstEnvelope(Question):
    """Asks for one envelope of the last day, in every world; the first answer counts.

    A server of status-go's kind may serve mail in one world only, and is silent in the other.
    """

    def __init__(self, server: Mailserver) -> None:
        self._server = server
        self._count = 0

    @override
    def ask(self, session: int, identity: PrivateKey, now: Moment) -> gossip.GossipEvent:
        wanted = HistoryRequest(
            from_unix_s=now.unix_whole_s - DAY_S,
            to_unix_s=now.unix_whole_s,
            bloom=FULL_BLOOM.to_bytes(BLOOM_BYTES, "big"),
            limit=1,
        )
        key: SymmetricKey | None = self._server.key
        route = EnvelopeRoute(_TOPIC, key or self._server.enode.public_key, identity)
        unmined = seal(
            encode_request(wanted), route, ttl_s=_TTL_S, now=now, entropy=SystemEntropy()
        )
        return gossip.DirectRequestPosted(session, mine(unmined, _POW, _TRIES_MAX).raw)

    @override
    def judge(self, output: gossip.GossipOutput) -> list[StepResult]:
        match output:
            case gossip.DirectReceived(_, envelopes):
                self._count += len(envelopes)
                return []
            case gossip.RequestCompleted(error=None):
                return [_ACCEPTED, StepResult(Step.ANSWER, True, self._answer())]
            case gossip.RequestCompleted(error=str(words)):
                return [_refusal(words)]
            case _:
                return []

    @override
    def give_up(self, detail: str, cause: Cause) -> list[StepResult]:
        if self._count:
            return [_ACCEPTED, StepResult(Step.ANSWER, False, detail, _NO_END, cause)]
        return [StepResult(Step.REQUEST, False, detail, _SILENT, cause)]

    def _answer(self) -> str:
        found = "with an envelope" if self._count else "and the archive has nothing"
        return f"complete, {found} of the last day"


_ACCEPTED: Final = StepResult(Step.REQUEST, True, "accepted: the password is right")


def is_wrong_password(words: str) -> bool:
    """Tell whether a server's words mean that it could not open a request."""
    return _NOT_OPENED in words.lower()


def _refusal(words: str) -> StepResult:
    for sign, cause, remedy in _REFUSALS:
        if sign in words.lower():
            return StepResult(Step.REQUEST, False, words, remedy, cause)
    return StepResult(Step.REQUEST, False, words, _OTHER_REFUSAL)
