"""QR codes of links: for a terminal as text, for a file or a page as a PNG picture.

Spec: ISO/IEC 18004 (through the library segno).
"""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

import segno

from sottovoce.base.errors import LocalProtocolError
from sottovoce.identity.utf8 import utf8

# What the largest code holds with the least correction of errors.
QR_TEXT_BYTES_MAX: Final = 2953

QUIET_ZONE_MODULES: Final = 4  # the light frame that readers need, as the standard has it
PIXELS_PER_MODULE: Final = 6
PIXELS_PER_MODULE_MAX: Final = 32  # the largest code is then 6,000 pixels wide

_CORRECTION: Final = "l"  # the library raises it as far as the code does not become larger

# Two modules stand above each other in one character, by whether they are drawn.
_HALVES: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code before it is drawn.

    Attributes:
        modules: Rows of modules without the light frame; True is a dark one.
    """

    modules: tuple[tuple[bool, ...], ...] = field(repr=False)

    def terminal_text(self, *, light_background: bool = False) -> str:
        """Draw the code with half blocks, as lines that all have the same width.

        Args:
            light_background: Whether the terminal is dark on light. Otherwise it draws the light
                modules, so that the code looks as on paper.
        """
        rows = self._framed()
        if len(rows) % 2:
            rows.append([False] * len(rows[0]))
        return "\n".join(
            "".join(
                _HALVES[upper == light_background, lower == light_background]
                for upper, lower in zip(rows[at], rows[at + 1], strict=True)
            )
            for at in range(0, len(rows), 2)
        )

    def _framed(self) -> list[list[bool]]:
        width = len(self.modules) + 2 * QUIET_ZONE_MODULES
        blank = [[False] * width for _ in range(QUIET_ZONE_MODULES)]
        side = [False] * QUIET_ZONE_MODULES
        return [*blank, *([*side, *row, *side] for row in self.modules), *map(list, blank)]


def qr_code(text: str) -> QrCode:
    """Make the code of a text.

    Raises:
        LocalProtocolError: The text is empty, too long for a code, or has no UTF-8 form.
    """
    return QrCode(tuple(tuple(map(bool, row)) for row in _code(text).matrix))


def qr_png(text: str, *, pixels_per_module: int = PIXELS_PER_MODULE) -> bytes:
    """Draw the code of a text as a PNG picture, black on white, with its light frame.

    Args:
        text: What a reader will read.
        pixels_per_module: How large it is drawn.

    Raises:
        LocalProtocolError: The text is empty, too long for a code, or has no UTF-8 form; or the
            picture would be empty or far too large.
    """
    if not 0 < pixels_per_module <= PIXELS_PER_MODULE_MAX:
        raise LocalProtocolError(f"a module has 1 to {PIXELS_PER_MODULE_MAX} pixels")
    picture = BytesIO()
    _code(text).save(picture, kind="png", scale=pixels_per_module, border=QUIET_ZONE_MODULES)
    return picture.getvalue()


def _code(text: str) -> segno.QRCode:
    raw = utf8(text)
    if raw is None:
        raise LocalProtocolError("a text with half of a surrogate pair has no UTF-8 form")
    if not 0 < len(raw) <= QR_TEXT_BYTES_MAX:
        raise LocalProtocolError(f"a QR code holds 1 to {QR_TEXT_BYTES_MAX} bytes")
    return segno.make(text, error=_CORRECTION, encoding="utf-8", micro=False)
