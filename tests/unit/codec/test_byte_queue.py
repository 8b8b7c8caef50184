from sottovoce.codec.byte_queue import ByteQueue


def test_bytes_come_out_in_the_order_in_which_they_went_in() -> None:
    queue = ByteQueue()
    queue.append(b"abc")
    queue.append(b"def")
    assert queue.take(4) == b"abcd"
    assert queue.take(2) == b"ef"


def test_too_few_bytes_are_not_taken() -> None:
    queue = ByteQueue()
    queue.append(b"abc")
    assert queue.take(4) is None
    assert len(queue) == 3


def test_peek_leaves_the_bytes_where_they_are() -> None:
    queue = ByteQueue()
    queue.append(b"abc")
    assert queue.peek(2) == b"ab"
    assert queue.peek(4) is None
    assert queue.take(3) == b"abc"


def test_nothing_can_be_taken_from_an_empty_queue() -> None:
    queue = ByteQueue()
    assert queue.take(0) == b""
    assert queue.take(1) is None


def test_clear_forgets_everything() -> None:
    queue = ByteQueue()
    queue.append(b"abc")
    queue.take(1)
    queue.clear()
    assert len(queue) == 0
    queue.append(b"x")
    assert queue.take(1) == b"x"


def test_bytes_survive_when_the_queue_moves_them_to_the_front() -> None:
    queue = ByteQueue()
    queue.append(bytes(100_000) + b"rest")
    assert queue.take(70_000) == bytes(70_000)
    assert queue.take(30_000) == bytes(30_000)
    assert queue.take(4) == b"rest"
