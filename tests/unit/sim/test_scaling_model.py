import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sottovoce.sim.scaling_model import CASES, ModelParameters, bytes_per_day, printed_size

PUBLISHED: Any = json.loads(
    (Path(__file__).parents[2] / "vectors/data/whisper_scaling_model.json").read_text()
)
LINES = [
    (case["case"], int(users), size_bytes, case["printed"][users])
    for case in PUBLISHED["cases"]
    for users, size_bytes in case["bytes_per_day"].items()
]


def test_parameters_are_the_published_ones() -> None:
    model, published = ModelParameters(), PUBLISHED["parameters"]
    assert model.envelope_bytes == published["envelope_size_bytes"]
    assert model.envelopes_per_message == published["envelopes_per_message"]
    assert model.messages_per_day == published["received_messages_per_user_per_day"]
    assert float(model.private_share) == published["private_message_proportion"]
    assert model.partition_topics == published["partition_topics"]
    assert float(model.false_positives_online) == published["bloom_false_positive_online"]
    assert float(model.false_positives_history) == published["bloom_false_positive_mailserver"]
    assert model.copies == published["duplicate_receive_factor"]
    assert float(model.offline_share) == published["offline_time_proportion"]


def test_every_published_case_is_there() -> None:
    assert list(CASES) == [case["case"] for case in PUBLISHED["cases"]]


@pytest.mark.parametrize(("case", "users", "size_bytes", "printed"), LINES)
def test_formula_gives_the_published_bytes(
    case: int, users: int, size_bytes: int, printed: str
) -> None:
    computed = bytes_per_day(case, users, ModelParameters())
    assert computed == size_bytes
    assert printed_size(computed) == printed


def test_other_assumptions_give_other_bytes() -> None:
    model = ModelParameters(messages_per_day=1, private_share=Fraction(1))
    assert bytes_per_day(1, 7, model) == 10 * 1024
    assert bytes_per_day(2, 7, model) == 70 * 1024
    assert bytes_per_day(4, 10_000, model) == 20 * 1024


def test_few_users_share_no_topic() -> None:
    model = ModelParameters()
    assert [model.users_per_topic(users) for users in (1, 4_999, 9_999, 10_000)] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("size_bytes", "printed"),
    [(0, "0.0B"), (1023, "1023.0B"), (1024, "1.0KB"), (1024**4, "1.0TB"), (1024**5, "1024.0TB")],
)
def test_size_is_printed_with_one_decimal(size_bytes: int, printed: str) -> None:
    assert printed_size(size_bytes) == printed
