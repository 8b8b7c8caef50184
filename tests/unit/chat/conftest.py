"""People for the tests of chats."""

import pytest

from unit.chat.people import Person


@pytest.fixture
def anna() -> Person:
    return Person(1)


@pytest.fixture
def bruno() -> Person:
    return Person(2)


@pytest.fixture
def carla() -> Person:
    return Person(3)
