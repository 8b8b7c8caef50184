from dataclasses import fields

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.chat.settings import ChatSettings


@pytest.mark.parametrize("name", [field.name for field in fields(ChatSettings)])
def test_limit_that_is_not_positive_is_refused(name: str) -> None:
    with pytest.raises(LocalProtocolError, match="positive"):
        ChatSettings(**{name: 0})
