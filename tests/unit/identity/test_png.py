import pytest

from sottovoce.identity.png import SIGNATURE, encode_png
from vectors.png_pixels import decode_png


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (50, 50)])
def test_pixels_are_read_back(width: int, height: int) -> None:
    pixels = bytes(place % 251 for place in range(4 * width * height))
    assert decode_png(encode_png(width, pixels)) == (width, height, pixels)


def test_file_starts_as_every_png_does() -> None:
    assert encode_png(1, bytes(4))[:16] == SIGNATURE + b"\0\0\0\x0dIHDR"


def test_picture_has_whole_rows() -> None:
    with pytest.raises(AssertionError, match="whole rows"):
        encode_png(2, bytes(4))
    with pytest.raises(AssertionError, match="one pixel"):
        encode_png(0, b"")
