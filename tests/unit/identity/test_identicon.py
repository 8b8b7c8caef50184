import base64
import hashlib

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.identity.identicon import SIZE_PIXELS, identicon, identicon_of_text
from sottovoce.identity.public_key_text import hex_key
from unit.identity.people import anna, bruno
from vectors.png_pixels import decode_png


def test_picture_of_a_key_is_that_of_its_hex_text() -> None:
    key = anna().chat().public
    assert identicon(key) == identicon_of_text(hex_key(key))
    assert identicon(key) != identicon(bruno().chat().public)


def test_cells_mirror_the_digest() -> None:
    # The grid that status-go's own test expects for this text.
    cells = identicon_of_text("Culona").cells
    assert ["".join(".#"[cell] for cell in row) for row in cells] == [
        "..#..",
        "#.#.#",
        "#...#",
        ".....",
        ".#.#.",
    ]
    assert identicon_of_text("Culona").digest == hashlib.md5(b"Culona").digest()


def test_cells_are_drawn_within_a_transparent_frame() -> None:
    picture = identicon_of_text("Culona")
    pixels = picture.pixels()
    assert len(pixels) == 4 * SIZE_PIXELS * SIZE_PIXELS

    def pixel(x: int, y: int) -> bytes:
        place = 4 * (SIZE_PIXELS * y + x)
        return pixels[place : place + 4]

    assert pixel(22, 10) == pixel(27, 15) == picture.rgba
    assert pixel(21, 10) == pixel(28, 10) == pixel(22, 9) == bytes(4)
    assert pixel(0, 0) == pixel(49, 49) == pixel(40, 40) == bytes(4)


def test_picture_travels_as_a_data_uri() -> None:
    picture = identicon_of_text("")
    start, png = picture.data_uri().split(",")
    assert start == "data:image/png;base64"
    assert decode_png(base64.b64decode(png)) == (SIZE_PIXELS, SIZE_PIXELS, picture.pixels())


def test_half_of_a_surrogate_pair_has_no_picture() -> None:
    with pytest.raises(LocalProtocolError, match="surrogate"):
        identicon_of_text("\ud800")
