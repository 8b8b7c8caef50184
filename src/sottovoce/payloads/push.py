"""What a person's contact code says about push notifications.

The entries stay bytes: no table of them is among our sources, and nothing here acts on them.

Spec: Status specs 16 (push notifications), type 15.
"""

from dataclasses import dataclass
from typing import Annotated

from sottovoce.payloads.form import Blob, Several, Value
from sottovoce.payloads.limits import ADVERTISED_MAX, WRAPPER_BYTES_MAX


@dataclass(frozen=True, slots=True, repr=False)
class ContactCodeAdvertisement(Value):
    """One encoded entry for each device that can be reached by push."""

    push_notification_info: Annotated[
        tuple[bytes, ...], Several(ADVERTISED_MAX, Blob(WRAPPER_BYTES_MAX))
    ] = ()
