import zlib

import pytest
import zxingcpp

from sottovoce.base.errors import LocalProtocolError
from sottovoce.crypto.secp256k1 import GENERATOR
from sottovoce.identity.contact_link import BUNDLE_BYTES_MAX, ContactLink, parse_link
from sottovoce.identity.qr_code import (
    PIXELS_PER_MODULE_MAX,
    QR_TEXT_BYTES_MAX,
    qr_code,
    qr_png,
)

LINK = ContactLink(GENERATOR, bytes(range(200)))


def read(rows: list[list[bool]], scale: int = 3) -> list[str]:
    """Let another library find codes in rows of pixels; True is a dark one."""
    pixels = bytes(
        0 if row[x // scale] else 255
        for row in rows
        for _ in range(scale)
        for x in range(scale * len(row))
    )
    shape = (scale * len(rows), scale * len(rows[0]))
    return [found.text for found in zxingcpp.read_barcodes(memoryview(pixels).cast("B", shape))]


def on_screen(text: str, *, light_background: bool) -> list[list[bool]]:
    """Turn what a terminal shows into rows of pixels."""
    rows = []
    for line in text.split("\n"):
        rows.append([(letter in "▀█") == light_background for letter in line])
        rows.append([(letter in "▄█") == light_background for letter in line])
    return rows


def in_picture(png: bytes) -> list[list[bool]]:
    """Read a PNG with one bit for each pixel, whose rows are plain or differ from that above."""
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert png[24:29] == bytes((1, 0, 0, 0, 0))
    start = png.index(b"IDAT")
    size = int.from_bytes(png[start - 4 : start], "big")
    raw = zlib.decompress(png[start + 4 : start + 4 + size])
    row_bytes = 1 + (width + 7) // 8
    rows = [raw[at : at + row_bytes] for at in range(0, len(raw), row_bytes)]
    assert len(rows) == height
    plain = [bytes(row_bytes)]
    for row in rows:
        assert row[0] in (0, 2)
        above = plain[-1] if row[0] == 2 else bytes(row_bytes)
        plain.append(bytes((a + b) & 0xFF for a, b in zip(row, above, strict=True)))
    return [[not row[1 + x // 8] >> 7 - x % 8 & 1 for x in range(width)] for row in plain[1:]]


@pytest.mark.parametrize("light_background", [False, True])
@pytest.mark.parametrize("text", ["1234", LINK.text(), LINK.text(compact=True), "üñî €"])
def test_code_on_a_terminal_is_read(text: str, light_background: bool) -> None:
    drawn = qr_code(text).terminal_text(light_background=light_background)
    assert read(on_screen(drawn, light_background=light_background)) == [text]
    assert len({len(line) for line in drawn.split("\n")}) == 1


@pytest.mark.parametrize("text", ["1234", LINK.text(web=True)])
def test_code_in_a_picture_is_read(text: str) -> None:
    assert read(in_picture(qr_png(text, pixels_per_module=2)), scale=1) == [text]


def test_largest_link_fits() -> None:
    link = ContactLink(GENERATOR, b"\xa5" * BUNDLE_BYTES_MAX)
    code = qr_code(link.text(web=True))
    [text] = read([*map(list, code._framed())], scale=2)
    assert parse_link(text) == link


def test_picture_is_as_large_as_it_is_drawn() -> None:
    small, large = (in_picture(qr_png("1234", pixels_per_module=size)) for size in (1, 3))
    assert (len(small), len(large)) == (29, 87)


@pytest.mark.parametrize("text", ["", "x" * (QR_TEXT_BYTES_MAX + 1), "ü" * 1477])
def test_text_that_no_code_holds_is_refused(text: str) -> None:
    for draw in (qr_code, qr_png):
        with pytest.raises(LocalProtocolError, match="2953 bytes"):
            draw(text)


@pytest.mark.parametrize("size", [0, -1, PIXELS_PER_MODULE_MAX + 1])
def test_picture_without_an_end_is_not_drawn(size: int) -> None:
    with pytest.raises(LocalProtocolError, match="pixels"):
        qr_png("1234", pixels_per_module=size)


def test_half_of_a_surrogate_pair_has_no_code() -> None:
    with pytest.raises(LocalProtocolError, match="surrogate"):
        qr_code("\ud800")


def test_repr_shows_no_code() -> None:
    assert repr(qr_code("1234")) == "QrCode()"
