"""The ratchet as pure functions: order, loss, limits, and what a failure leaves behind."""

import pytest

from cost.scene import counting_calls
from sottovoce.base.errors import (
    DecryptionError,
    InvalidKeyError,
    LocalProtocolError,
    RemoteProtocolError,
)
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.double_ratchet import (
    COUNTER_MAX,
    KeyGoneError,
    RatchetHeader,
    RatchetState,
    Received,
    decrypt,
    decrypt_with,
    encrypt,
    start_as_initiator,
    start_as_responder,
)
from unit.secure.people import no_chain_steps
from vectors.scripted_entropy import ScriptedEntropy, SeededEntropy

SECRET = SymmetricKey(b"\x11" * 32)
PREKEY = PrivateKey(b"\x22" * 32)
PREKEY_PUBLIC = secp256k1.compress(secp256k1.public_key(PREKEY))
ALICE = start_as_initiator(SECRET, PREKEY_PUBLIC, entropy=SeededEntropy(b"alice"))
BOB = start_as_responder(SECRET, PREKEY, PREKEY_PUBLIC)
NOTHING = ScriptedEntropy([])


def sent(state: RatchetState, count: int) -> tuple[RatchetState, list[tuple[RatchetHeader, bytes]]]:
    messages = []
    for number in range(count):
        state, header, ciphertext = encrypt(state, b"message %d" % number)
        messages.append((header, ciphertext))
    return state, messages


def received(
    state: RatchetState, message: tuple[RatchetHeader, bytes], *, skip_max: int = 10
) -> Received:
    return decrypt(state, *message, skip_max=skip_max, entropy=SeededEntropy(b"turn"))


def test_messages_open_in_order_and_in_turns() -> None:
    alice, [first, second] = sent(ALICE, 2)
    at_bob = received(received(BOB, first).state, second)
    assert at_bob.plaintext == b"message 1"
    _, [answer] = sent(at_bob.state, 1)
    at_alice = received(alice, answer)
    assert at_alice.plaintext == b"message 0"
    assert at_alice.state.previous_count == 2


def test_responder_can_speak_first() -> None:
    _, [message] = sent(BOB, 1)
    assert message[0].key == PREKEY_PUBLIC
    assert received(ALICE, message).plaintext == b"message 0"


def test_skipped_keys_open_late_messages() -> None:
    _, messages = sent(ALICE, 3)
    last = received(BOB, messages[2])
    assert [(key.n, key.sequence) for key in last.keys] == [(0, 0), (1, 1), (2, 2)]
    assert decrypt_with(last.keys[0].key, *messages[0]) == b"message 0"
    with pytest.raises(DecryptionError):
        decrypt_with(last.keys[0].key, *messages[1])


def test_keys_of_the_chain_before_are_skipped_up_to_its_length() -> None:
    alice, messages = sent(ALICE, 3)
    bob = received(BOB, messages[0]).state
    bob, [answer] = sent(bob, 1)
    alice, [newer] = sent(received(alice, answer).state, 1)
    at_bob = decrypt(bob, *newer, skip_max=2, entropy=SeededEntropy(b"bob again"))
    assert [(key.ratchet_key == messages[0][0].key, key.n) for key in at_bob.keys] == [
        (True, 1),
        (True, 2),
        (False, 0),
    ]
    assert at_bob.ended_chain == messages[0][0].key
    assert [key.sequence for key in at_bob.keys] == [1, 2, 3]
    assert decrypt_with(at_bob.keys[1].key, *messages[2]) == b"message 2"


def test_message_that_was_opened_says_that_its_key_is_gone() -> None:
    _, [message] = sent(ALICE, 1)
    with pytest.raises(KeyGoneError):
        received(received(BOB, message).state, message)


@pytest.mark.parametrize(("lost", "opens"), [(5, True), (6, False)])
def test_limit_of_skipped_messages_is_exact(lost: int, opens: bool) -> None:
    _, messages = sent(ALICE, lost + 1)
    if opens:
        assert received(BOB, messages[-1], skip_max=5).plaintext == b"message %d" % lost
        return
    with pytest.raises(DecryptionError):
        received(BOB, messages[-1], skip_max=5)


def test_limit_counts_for_the_chain_before_as_well() -> None:
    _, [(header, ciphertext)] = sent(ALICE, 1)
    for pn in (11, COUNTER_MAX):
        with pytest.raises(DecryptionError):
            received(BOB, (header._replace(pn=pn), ciphertext))


def test_header_that_asks_for_a_billion_keys_derives_none() -> None:
    _, [(header, ciphertext)] = sent(ALICE, 1)
    state = received(BOB, (header, ciphertext)).state
    for ask in (header._replace(n=1 << 31), RatchetHeader(PREKEY_PUBLIC, 0, 1 << 31)):
        with no_chain_steps(), counting_calls() as calls, pytest.raises(DecryptionError):
            decrypt(state, ask, ciphertext, skip_max=1000, entropy=NOTHING)
        assert not calls.keys() & {"root_step", "shared_x"}


def test_new_chain_that_asks_for_a_billion_keys_derives_its_root_and_no_more() -> None:
    _, [message] = sent(ALICE, 1)
    header = message[0]._replace(n=1 << 31)
    with no_chain_steps(), counting_calls() as calls, pytest.raises(DecryptionError):
        decrypt(BOB, header, message[1], skip_max=1000, entropy=NOTHING)
    assert (calls["root_step"], calls["shared_x"]) == (1, 1)


def test_forged_message_at_the_limit_derives_each_key_once() -> None:
    _, [(header, ciphertext)] = sent(ALICE, 1)
    with counting_calls() as calls, pytest.raises(DecryptionError):
        decrypt(BOB, header._replace(n=1000), ciphertext, skip_max=1000, entropy=NOTHING)
    assert (calls["next_chain_key"], calls["chain_step"]) == (1000, 1)


def test_new_chain_that_says_that_less_was_sent_than_came_does_not_open() -> None:
    alice, messages = sent(ALICE, 2)
    bob = received(received(BOB, messages[0]).state, messages[1]).state
    bob, [answer] = sent(bob, 1)
    turned = received(alice, answer).state
    for count, opens in ((1, False), (2, True)):
        header, ciphertext = encrypt(turned._replace(previous_count=count), b"new")[1:]
        if opens:
            assert received(bob, (header, ciphertext)).plaintext == b"new"
            continue
        with pytest.raises(DecryptionError):
            received(bob, (header, ciphertext))


@pytest.mark.parametrize("key", [b"", bytes(33), b"\x02" * 32, b"\x04" + b"\x01" * 64])
def test_ratchet_key_that_is_no_point_is_refused(key: bytes) -> None:
    _, [(header, ciphertext)] = sent(ALICE, 1)
    with pytest.raises(RemoteProtocolError):
        decrypt(
            received(BOB, (header, ciphertext)).state,
            header._replace(key=key),
            ciphertext,
            skip_max=10,
            entropy=NOTHING,
        )


def test_forged_message_draws_no_key() -> None:
    _, [(header, ciphertext)] = sent(ALICE, 1)
    with pytest.raises(DecryptionError):
        decrypt(BOB, header, ciphertext[:-1] + b"\x00", skip_max=10, entropy=NOTHING)


def test_prekey_that_is_no_point_starts_nothing() -> None:
    with pytest.raises(InvalidKeyError):
        start_as_initiator(SECRET, bytes(33), entropy=SeededEntropy())


def test_chain_that_cannot_be_counted_further_is_a_mistake_of_ours() -> None:
    with pytest.raises(LocalProtocolError):
        encrypt(ALICE._replace(sending_count=COUNTER_MAX), b"")
    last = encrypt(ALICE._replace(sending_count=COUNTER_MAX - 1), b"")
    assert (last[0].sending_count, last[1].n) == (COUNTER_MAX, COUNTER_MAX - 1)


def test_chain_that_follows_a_full_one_says_how_long_it_was() -> None:
    assert encrypt(ALICE._replace(previous_count=COUNTER_MAX), b"")[1].pn == COUNTER_MAX


def test_text_forms_show_no_key_and_no_text() -> None:
    state, [message] = sent(ALICE, 1)
    at_bob = received(BOB, message)
    shown = repr((state, at_bob, message[0], *at_bob.keys))
    assert "message 0" not in shown
    for key in (*state, *at_bob.state, *at_bob.keys[0]):
        if isinstance(key, bytes) and key:
            assert repr(key)[2:-1] not in shown
            assert key.hex() not in shown
