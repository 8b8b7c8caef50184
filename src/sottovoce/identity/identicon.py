"""The picture of a key: a mirrored grid of five by five cells in one colour.

Spec: status-go protocol/identity/identicon (docs/spec-deviations.md, "Identicons").
"""

import base64
from dataclasses import dataclass
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto.hashes import md5
from sottovoce.identity.png import encode_png
from sottovoce.identity.public_key_text import hex_key
from sottovoce.identity.utf8 import utf8

SIZE_PIXELS: Final = 50  # both ways

_CELLS: Final = 5  # both ways
_CELL_PIXELS: Final = 6
_MARGIN_PIXELS: Final = 10
_BYTES_PER_ROW: Final = 3  # the other two cells mirror the first two
_TRANSPARENT: Final = bytes(4)

_HUE_BYTES: Final = slice(13, 16)
_HUE_SUM_MAX: Final = 765
_DEGREES: Final = 360
_SATURATION: Final = 0.5
_LIGHTNESS: Final = 0.7
_CHANNEL_MAX: Final = 65535
_OPAQUE: Final = 0xFF


@dataclass(frozen=True, slots=True)
class Identicon:
    """A picture before it is drawn.

    Attributes:
        digest: The 16 bytes that decide everything.
        cells: Five rows of five cells; True is a filled one.
        rgba: The colour of the filled cells, 4 bytes.
    """

    digest: bytes
    cells: tuple[tuple[bool, ...], ...]
    rgba: bytes

    def pixels(self) -> bytes:
        """The 50 by 50 pixels, row by row, red, green, blue and alpha each."""
        margin = _TRANSPARENT * _MARGIN_PIXELS
        blank = _TRANSPARENT * SIZE_PIXELS
        rows = [blank] * _MARGIN_PIXELS
        for cells in self.cells:
            filled = b"".join(
                (self.rgba if cell else _TRANSPARENT) * _CELL_PIXELS for cell in cells
            )
            rows += [margin + filled + margin] * _CELL_PIXELS
        rows += [blank] * _MARGIN_PIXELS
        return b"".join(rows)

    def png(self) -> bytes:
        """The picture as a PNG file."""
        return encode_png(SIZE_PIXELS, self.pixels())

    def data_uri(self) -> str:
        """The picture as a `data:` URI, as contacts carry it."""
        return "data:image/png;base64," + base64.b64encode(self.png()).decode("ascii")


def identicon(key: PublicKey) -> Identicon:
    """Return the picture of a key."""
    return identicon_of_text(hex_key(key))


def identicon_of_text(text: str) -> Identicon:
    """Return the picture of any text; for people it is their hex key.

    Raises:
        LocalProtocolError: The text has no UTF-8 form.
    """
    raw = utf8(text)
    if raw is None:
        raise LocalProtocolError("a text with half of a surrogate pair has no UTF-8 form")
    digest = md5(raw)
    return Identicon(
        digest,
        tuple(
            tuple(_is_filled(digest, row, column) for column in range(_CELLS))
            for row in range(_CELLS)
        ),
        _colour(sum(digest[_HUE_BYTES]) / _HUE_SUM_MAX * _DEGREES),
    )


def _is_filled(digest: bytes, row: int, column: int) -> bool:
    return digest[_BYTES_PER_ROW * row + min(column, _CELLS - 1 - column)] % 2 == 0


def _colour(hue_degrees: float) -> bytes:
    # The order of the operations is the reference's; another one rounds some channels differently.
    high = _LIGHTNESS + _SATURATION - _LIGHTNESS * _SATURATION
    low = 2 * _LIGHTNESS - high
    hue = hue_degrees / _DEGREES
    parts = (hue + 1 / 3, hue, hue - 1 / 3)
    channels = (_channel(low, high, part) for part in parts)
    # Sixteen bits a channel, cut to eight.
    return bytes((*(int(value * _CHANNEL_MAX + 0.5) >> 8 for value in channels), _OPAQUE))


def _channel(low: float, high: float, hue: float) -> float:
    if hue < 0:
        hue += 1
    if hue > 1:
        hue -= 1
    if 6 * hue < 1:
        return low + (high - low) * 6 * hue
    if 2 * hue < 1:
        return high
    if 3 * hue < 2:
        return low + (high - low) * (2 / 3 - hue) * 6
    return low
