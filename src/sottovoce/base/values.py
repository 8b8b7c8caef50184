"""Values of which one is made per packet: frozen for whoever writes code, and quick to make.

A frozen dataclass checks at run time that nobody changes it, and pays for that when it is made: it
sets each field past its own check, which takes more than twice as long. Values that cross a layer
with every packet leave that check to mypy.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from typing_extensions import dataclass_transform

ValueT = TypeVar("ValueT")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def packet_value(cls: type[ValueT]) -> type[ValueT]:
    """Make a slotted dataclass that mypy takes for frozen."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
