"""A process that searches proofs of work, so that the event loop need not.

It reads one request a line from standard input, ``first count bits prefix`` (prefix in hex), and
answers one line: the lowest nonce found, or ``-``. It ends when its input ends.
"""

import sys

from sottovoce.gossip.proof_of_work import search


def main() -> None:
    """Answer requests until standard input ends."""
    for line in sys.stdin:
        first, count, bits, prefix = line.split()
        nonce = search(bytes.fromhex(prefix), int(bits), int(first), int(count))
        print("-" if nonce is None else nonce, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
