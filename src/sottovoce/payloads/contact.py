"""What a person tells contacts: name and picture, and how devices can be reached by push.

Spec: Status specs 6 (payloads), "Contact Update"; status-go protocol/protobuf/contact.proto.
"""

from dataclasses import dataclass

from sottovoce.payloads.form import PictureText, ShortText, Uint64, Value


@dataclass(frozen=True, slots=True, repr=False)
class ContactUpdate(Value):
    """A contact's own word about name and picture; both are claims.

    Attributes:
        clock: The clock of the one-to-one chat.
        ens_name: The ENS name, unproved, or empty.
        profile_image: A picture as data URI (`picture.parse_data_uri` reads it), or empty.
    """

    clock: Uint64 = 0
    ens_name: ShortText = ""
    profile_image: PictureText = ""
