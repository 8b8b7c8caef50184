"""Byte strings as the vector files write them."""


def unhex(text: str) -> bytes:
    """Read hexadecimal text with or without 0x in front."""
    return bytes.fromhex(text.removeprefix("0x"))
