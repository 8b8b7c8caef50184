"""A process that stores batches until it is killed, and says a batch's number once it is stored."""

import sys
from pathlib import Path
from typing import Final

from contract.archive_contract import MIDNIGHT, envelope, in_order
from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.adapters.sqlite.archive import SqliteArchive
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.archive import Archive

BATCH: Final = 40
BATCH_S: Final = 600  # of virtual time, so that some batches fill a day and some lie on two
EXPIRED_AFTER: Final = 30  # batches; what is older is deleted while others are stored


def batch(number: int) -> list[Envelope]:
    """Make the batch of a number."""
    start_unix_s = MIDNIGHT + number * BATCH_S
    return in_order(
        envelope(start_unix_s + each * 13, each % 6, data=bytes(300), nonce=each)
        for each in range(BATCH)
    )


def start_of(number: int) -> int:
    return MIDNIGHT + number * BATCH_S


def open_archive(engine: str, address: str) -> Archive:
    return PostgresArchive(address) if engine == "postgres" else SqliteArchive(Path(address))


def main(engine: str, address: str, first: str) -> None:
    archive = open_archive(engine, address)
    number = int(first)
    while True:
        archive.store(batch(number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1
        archive.expire(start_of(max(int(first), number - EXPIRED_AFTER)))


if __name__ == "__main__":
    main(*sys.argv[1:])
