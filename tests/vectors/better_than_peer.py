"""Cases in which a peer does worse than we want to: what is expected there, and why.

A case is listed by family and name, and only if what the peer did really contradicts the rule: for
these the expected answer is computed from the rest of the file, and nothing of the machine under
test takes part in that. docs/spec-deviations.md tells users of them ("Topics of a request",
"Cursors").
"""

from typing import Final

BETTER_THAN_PEER: Final = {
    ("mailserver", "topics are ignored by the level db store"): (
        "a request that names topics gets exactly these; the old store never looks at them"
    ),
    ("mailserver", "cursor pointing between keys skips the next one"): (
        "a page goes on behind its cursor; the old store skips the first envelope behind it, as "
        "after the envelope of the cursor was deleted"
    ),
    ("mailserver", "cursor before the lower bound"): (
        "a page goes on behind its cursor, and at its lower bound if that is later; the old store "
        "skips the first envelope of the range"
    ),
}
