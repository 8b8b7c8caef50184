"""Records in payloads."""

from sottovoce.sync.bundle import Record, bundle
from sottovoce.sync.records import Payload, RecordType
from sottovoce.sync.wire import encode_payload
from unit.sync.people import id_of, message


def record(body: bytes) -> Record:
    return Record(RecordType.MESSAGE, id_of(body), message(body))


def test_records_of_all_types_share_a_payload() -> None:
    kinds = (RecordType.REQUEST, RecordType.ACK, RecordType.OFFER)
    records = [Record(kind, id_of(kind.name.encode())) for kind in kinds]
    (filled,) = bundle([*records, record(b"x")], 10_000)
    assert filled.to_payload() == Payload(
        acks=(id_of(b"ACK"),),
        offers=(id_of(b"OFFER"),),
        requests=(id_of(b"REQUEST"),),
        messages=(message(b"x"),),
    )
    assert filled.message_ids() == (id_of(b"x"),)


def test_payload_never_exceeds_its_bound() -> None:
    records = [record(bytes([n]) * (37 * n)) for n in range(1, 60)]
    payloads = [filled.to_payload() for filled in bundle(records, 3000)]
    assert max(len(encode_payload(payload)) for payload in payloads) <= 3000
    assert [each for payload in payloads for each in payload.messages] == [
        each.message for each in records
    ]


def test_single_record_above_the_bound_travels_alone() -> None:
    sizes = [len(filled.records) for filled in bundle([record(b"x"), record(bytes(500))], 100)]
    assert sizes == [1, 1]


def test_nothing_makes_no_payload() -> None:
    assert list(bundle([], 100)) == []
