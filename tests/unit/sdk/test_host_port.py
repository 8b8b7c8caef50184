import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.sdk.host_port import parse_host_port


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("127.0.0.1:30303", ("127.0.0.1", 30303)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_host_and_port_are_split(text: str, parts: tuple[str, int]) -> None:
    assert parse_host_port(text) == parts


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1", ":30303", "host:", "host:x", "host:-1", "h:\u0661"]
)
def test_what_is_no_host_and_port_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(LocalProtocolError, match=r"for instance 127\.0\.0\.1:30303"):
        parse_host_port(text)


def test_port_out_of_range_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="ports end at 65535"):
        parse_host_port("127.0.0.1:65536")
