"""ENS names that people claim: when a claim counts as new, and when it is due to be looked up.

It decides about time and text only; the look-up itself needs a chain, which is far above.

Spec: status-go protocol/ens.go.
"""

from typing import Final

_SUFFIX: Final = ".eth"
# The deployed clients give up after so many failures, some 17 hours after the first.
TRIES_MAX: Final = 11
_BACKOFF_STEP_S: Final = 30


def is_new_claim(name: str, *, stored: str, clock: int, last_clock: int) -> bool:
    """Tell whether a claimed name replaces the stored one, which ends its verification.

    Args:
        name: What a message or contact update claims.
        stored: What is known of the contact.
        clock: The clock of the claim.
        last_clock: The clock of the last claim that counted.
    """
    return clock >= last_clock and name.endswith(_SUFFIX) and name != stored


def is_lookup_due(
    name: str, *, verified: bool, failures: int, last_try_unix_s: int, now_unix_s: int
) -> bool:
    """Tell whether a claimed name should be looked up now.

    After each failure the pause grows: 30 s times the failures times two to their power.

    Args:
        name: The stored claim, or empty.
        verified: Whether it was found to be true.
        failures: How often looking it up failed.
        last_try_unix_s: When it was last tried.
        now_unix_s: The time.
    """
    if verified or failures >= TRIES_MAX or not name.endswith(_SUFFIX):
        return False
    return now_unix_s >= last_try_unix_s + _BACKOFF_STEP_S * failures * (1 << failures)
