from pathlib import Path

import pytest

from sottovoce.base.errors import (
    DecryptionError,
    LocalProtocolError,
    ProofOfWorkError,
    RemoteProtocolError,
    SottovoceError,
    StorageError,
    StoreFileError,
)
from sottovoce.sdk.control_form import (
    PATH_BYTES_MAX,
    decode_line,
    encode_line,
    error_form,
    error_of,
    socket_path,
)
from sottovoce.sdk.errors import ControlError, RefusedError, StoreRefusedError


def test_line_comes_back_as_it_was() -> None:
    line = encode_line({"id": 1, "text": "one\ntwo \N{WAVING HAND SIGN}"})
    assert line.count(b"\n") == 1
    assert decode_line(line) == {"id": 1, "text": "one\ntwo \N{WAVING HAND SIGN}"}


@pytest.mark.parametrize("line", [b"", b"\xff\n", b"1\n", b'"x"\n', b"{", b"[" * 10_000])
def test_line_that_is_no_object_is_refused(line: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="a line is no JSON"):
        decode_line(line)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RefusedError("no"), RefusedError),
        (StoreRefusedError("full"), StoreRefusedError),
        (StoreFileError("damaged"), StoreFileError),
        (StorageError("full"), StorageError),
        (ProofOfWorkError("no"), LocalProtocolError),
        (DecryptionError("no"), RemoteProtocolError),
        (SottovoceError("no"), ControlError),
    ],
    ids=lambda it: type(it).__name__,
)
def test_error_keeps_its_words_and_the_nearest_kind(
    error: SottovoceError, kind: type[SottovoceError]
) -> None:
    read = error_of(error_form(error))
    assert (type(read), str(read)) == (kind, str(error))


@pytest.mark.parametrize("raw", [None, "no", {}, {"kind": 3, "text": "no"}])
def test_error_without_sense_is_a_control_error(raw: object) -> None:
    assert type(error_of(raw)) is ControlError


def test_brackets_in_a_text_are_no_depth() -> None:
    text = '["\\"[[' * 100
    assert decode_line(encode_line({"text": text})) == {"text": text}


def test_longest_path_of_a_socket_is_known() -> None:
    room = PATH_BYTES_MAX - 1 - len("/control.sock")
    assert socket_path("/" + "x" * (room - 1)).name == "control.sock"
    with pytest.raises(ControlError, match="use a directory with a shorter path"):
        socket_path("/" + "x" * room)
    assert socket_path("~") == Path.home() / "control.sock"
