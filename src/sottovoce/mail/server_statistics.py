"""Counters of one mailserver, for operators and tests.

They name no peer, no topic and no envelope.

Spec: none; no specification of mailservers has measuring.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum


class Refusal(Enum):
    """Why a request was not answered with envelopes."""

    UNREADABLE = "neither an envelope nor a plain request"
    TOO_LARGE = "larger than any request"
    LOW_POW = "too little work"
    NOT_OPENED = "sealed with another key"
    NOT_ADMITTED = "proves no password"
    UNSIGNED = "signed by nobody"
    INVALID = "asks for what does not make sense"
    PAUSE = "too soon after the one before"
    RATE = "more than a peer has an hour"
    BUSY = "too many requests are open"
    ARCHIVE = "the archive could not be read"


@dataclass(slots=True)
class MailStatistics:
    """What a mailserver did so far; the mailserver alone writes it.

    Attributes:
        answered: Requests that were answered, those of other mailservers included.
        refused: Requests that were not, by reason.
        untold: Refusals that were not even said, because the peer takes no bytes.
        open_requests: Gauge: requests that wait for their answer.
        envelopes_sent: Envelopes in answers.
        bytes_sent: Bytes of their RLP.
        archived: Envelopes that are on disk now and were not before.
        duplicates: Envelopes that were on disk already.
        dropped: Envelopes that are lost to the archive, because its buffer was full.
        unstorable: Envelopes that the archive refused for what they are, and will for ever.
        outdated: Envelopes that are older than the archive keeps any, and were left out.
        synced: Envelopes that other mailservers sent.
        store_failures: Batches that were not stored at the first try, each try counted.
        cleaning_failures: Cleanings that did not come to their end.
        cleaned: Envelopes that were deleted.
        waiting_envelopes: Gauge: envelopes that wait to be stored.
        waiting_bytes: Gauge: bytes of their RLP.
        archive_envelopes: Envelopes in the archive when it was cleaned last.
        archive_bytes: Bytes of their RLP then.
        archive_oldest_unix_s: When the oldest of them was sent, or None.
    """

    answered: int = 0
    refused: Counter[Refusal] = field(default_factory=Counter)
    untold: int = 0
    open_requests: int = 0
    envelopes_sent: int = 0
    bytes_sent: int = 0
    archived: int = 0
    duplicates: int = 0
    dropped: int = 0
    unstorable: int = 0
    outdated: int = 0
    synced: int = 0
    store_failures: int = 0
    cleaning_failures: int = 0
    cleaned: int = 0
    waiting_envelopes: int = 0
    waiting_bytes: int = 0
    archive_envelopes: int = 0
    archive_bytes: int = 0
    archive_oldest_unix_s: int | None = None
