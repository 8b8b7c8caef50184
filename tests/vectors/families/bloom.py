"""Blooms of topics, and whether filters let samples pass."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from sottovoce.base.quantities import topic
from sottovoce.gossip.bloom import bloom_from_bytes, bloom_matches, bloom_to_bytes, topic_bloom
from vectors.case import Case
from vectors.text import unhex


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each topic and each match."""
    for recorded in document["topics"]:
        yield Case("topics", recorded["topic"], partial(_check_topic, recorded))
    for recorded in document["match"]:
        yield Case("match", recorded["name"], partial(_check_match, recorded))


def _check_topic(recorded: dict[str, Any]) -> None:
    bloom = topic_bloom(topic(unhex(recorded["topic"])))
    assert bloom_to_bytes(bloom) == unhex(recorded["bloom"])
    assert bloom_from_bytes(unhex(recorded["bloom"])) == bloom


def _check_match(recorded: dict[str, Any]) -> None:
    wanted = recorded["filter"]
    wanted_bloom = None if wanted is None else bloom_from_bytes(unhex(wanted))
    sample = bloom_from_bytes(unhex(recorded["sample"]))
    assert bloom_matches(wanted_bloom, sample) == recorded["match"]
