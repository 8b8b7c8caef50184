"""The one tree of errors, split by who is at fault.

::

    SottovoceError
    ├── LocalProtocolError         we, or the program above us, asked for something illegal
    │   └── ProofOfWorkError       a target of work that was not, or cannot be, reached
    ├── RemoteProtocolError        the other side sent something illegal
    │   ├── DecryptionError        bytes that do not open with the key at hand
    │   ├── FromFutureError        a clock that is too far ahead now, and may not be later
    │   └── InvalidKeyError        bytes that are no public key, private key or signature
    ├── ResourceLimitError         a named limit would be exceeded
    └── StorageError               what has to last cannot be read or written
        ├── StoreFileError         the file of a store is missing, damaged or not ours
        └── UnstorableError        what was to last breaks a rule of the store, now and always

Bytes from the network can raise nothing but `RemoteProtocolError` and its children.
Texts name what happened, never message text, keys or topics.
"""


class SottovoceError(Exception):
    """The root: everything that this package raises on purpose."""


class LocalProtocolError(SottovoceError):
    """We asked for something that the protocol, or the present state, does not allow."""


class ProofOfWorkError(LocalProtocolError):
    """The wanted proof of work was not reached in the tries or the time allowed."""


class RemoteProtocolError(SottovoceError):
    """The other side sent bytes that break the protocol."""


class DecryptionError(RemoteProtocolError):
    """The bytes do not open with this key: damaged, or meant for somebody else."""


class FromFutureError(RemoteProtocolError):
    """A clock is further ahead than is allowed now; the same bytes may be taken later on."""


class InvalidKeyError(RemoteProtocolError):
    """The bytes are no point of the curve, no scalar in range, or no signature."""


class ResourceLimitError(SottovoceError):
    """A named limit would be exceeded."""


class StorageError(SottovoceError):
    """What has to last cannot be read or written: damaged, full, or not ours."""


class StoreFileError(StorageError):
    """The file itself is not what it should be, until somebody puts another one in its place."""


class UnstorableError(StorageError):
    """What was to last breaks a rule of the store: trying again is of no use."""
