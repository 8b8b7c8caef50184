"""The commands of the wallet, as values: asking for an address or for money, and having sent.

Amounts are decimal texts in the smallest unit, contracts and addresses lower-case hexadecimal
texts ("" is ether), and `id` is the message id of the first command of an exchange.

Spec: status-go protocol/protobuf/command.proto.
"""

from dataclasses import dataclass
from typing import Annotated

from sottovoce.payloads.form import Blob, ShortText, Uint64, Value
from sottovoce.payloads.limits import WALLET_SIGNATURE_BYTES_MAX


@dataclass(frozen=True, slots=True, repr=False)
class RequestAddressForTransaction(Value):
    """The payer asks for the address to pay to."""

    clock: Uint64 = 0
    value: ShortText = ""
    contract: ShortText = ""


@dataclass(frozen=True, slots=True, repr=False)
class AcceptRequestAddressForTransaction(Value):
    """The answer: an address."""

    clock: Uint64 = 0
    id: ShortText = ""
    address: ShortText = ""


@dataclass(frozen=True, slots=True, repr=False)
class DeclineRequestAddressForTransaction(Value):
    """The answer: none."""

    clock: Uint64 = 0
    id: ShortText = ""


@dataclass(frozen=True, slots=True, repr=False)
class DeclineRequestTransaction(Value):
    """The one who was asked for money declines."""

    clock: Uint64 = 0
    id: ShortText = ""


@dataclass(frozen=True, slots=True, repr=False)
class RequestTransaction(Value):
    """The payee asks for money."""

    clock: Uint64 = 0
    address: ShortText = ""
    value: ShortText = ""
    contract: ShortText = ""


@dataclass(frozen=True, slots=True, repr=False)
class SendTransaction(Value):
    """The payer has sent: the text of the transaction's hash, and the paying wallet's signature."""

    clock: Uint64 = 0
    id: ShortText = ""
    transaction_hash: ShortText = ""
    signature: Annotated[bytes, Blob(WALLET_SIGNATURE_BYTES_MAX)] = b""
