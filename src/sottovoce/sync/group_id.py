"""The group of two people, the only kind of group that Status' clients sync in.

Each pair of a group chat's members uses the pair's own group.

Spec: status-go protocol/datasync/utils.go; VAC 2 (MVDS), "Group Identifiers".
"""

from sottovoce.base.quantities import PublicKey
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.secp256k1 import compress
from sottovoce.sync.records import GroupId, group_id


def group_of_two(one: PublicKey, other: PublicKey) -> GroupId:
    """Return Keccak-256 over both compressed keys, the one with the smaller x first.

    The order of the arguments does not matter; both may be the same key (paired devices).

    Raises:
        InvalidKeyError: A key is not on the curve.
    """
    first, second = sorted((one, other), key=lambda key: key.raw)
    return group_id(keccak256(compress(first) + compress(second)))
