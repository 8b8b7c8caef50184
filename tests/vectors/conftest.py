"""How pytest names the cases of vectors."""

import pytest

from vectors.selection import NumberedCase


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Use a case's own id as it is; ids that are handed to `parametrize` would become ASCII."""
    del config, argname
    return val.test_id if isinstance(val, NumberedCase) else None
