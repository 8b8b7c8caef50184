"""Three devices, random doings, a post that loses and turns around: in the end all are equal."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.chat.commands import (
    AcceptChat,
    AddContact,
    AddMembers,
    BlockContact,
    ClearChat,
    Command,
    CreateGroup,
    JoinPublicChat,
    LeaveChat,
    MarkRead,
    MuteChat,
    OpenOneToOne,
    React,
    RemoveContact,
    RemoveMember,
    RenameGroup,
    SendMessage,
    SetProfile,
    VerifyContact,
)
from sottovoce.chat.records import ChatId, ChatKind
from sottovoce.stack import destinations
from sottovoce.stack.events import Acknowledged
from unit.chat.own_devices import Device, Post
from unit.chat.people import Person, arrived, private, public

NAMES = ("laptop", "phone", "tablet")
OTHERS = (Person(2), Person(3))
ANNA = Person(1)
ROOMS = ("lobby", "bar")
STEPS = 40


def command(random: Random, device: Device) -> Command:
    """Draw something that Anna may ask for."""
    other = random.choice(OTHERS)
    chat_id = ChatId(random.choice([other.id, *ROOMS]))
    messages = device.messages(chat_id)
    groups = [chat.id for chat in device.store.chats() if chat.kind is ChatKind.GROUP]
    commands: list[Command] = [
        JoinPublicChat(random.choice(ROOMS)),
        OpenOneToOne(other.key),
        LeaveChat(chat_id),
        AcceptChat(ChatId(other.id)),
        ClearChat(chat_id),
        MuteChat(chat_id, random.random() < 0.5),
        MarkRead(chat_id),
        AddContact(other.key, random.choice(["", "Bru", "Zoe"])),
        RemoveContact(other.key),
        BlockContact(other.key, random.random() < 0.5),
        VerifyContact(other.key, random.random() < 0.5),
        SetProfile(random.choice(["", "a.eth", "b.eth"])),
        *[SendMessage(chat_id, f"mine {random.random()}")] * 4,
    ]
    if not groups:
        commands.append(CreateGroup("lunch", (other.key,)))
    for group in groups[:1]:
        commands += [
            SendMessage(group, f"in the group {random.random()}"),
            RemoveMember(group, other.key),
            AddMembers(group, (other.key,)),
            RenameGroup(group, random.choice(["supper", "tea"])),
            MarkRead(group),
            ClearChat(group),
            MuteChat(group, random.random() < 0.5),
            LeaveChat(group),
        ]
    if messages:
        commands += [React(random.choice(messages).id, 1, random.random() < 0.3)] * 3
    return random.choice(commands)


def somebody_says(random: Random, post: Post) -> None:
    """Let somebody say something, which reaches whoever is there and is lucky."""
    other = random.choice(OTHERS)
    clock = post.now_ms - random.randrange(5000)
    if random.random() < 0.5:
        said = arrived(private(ANNA, f"hers {clock}", clock=clock), other)
    else:
        room = random.choice(ROOMS)
        said = arrived(public(f"{other.id[:6]} {clock}", clock=clock, chat_id=room), other)
    for device in post.devices.values():
        if random.random() < 0.7:
            device.hears(said)


def step(random: Random, post: Post, devices: list[Device]) -> None:
    running = [device for device in devices if device.is_on]
    drawn = random.random()
    if drawn < 0.4 and running:
        device = random.choice(running)
        device.tries(command(random, device))
    elif drawn < 0.7:
        somebody_says(random, post)
    elif drawn < 0.8:
        device = random.choice(devices)
        device.switch_off() if device.is_on else device.start()
    elif drawn < 0.9 and running:
        acknowledge_all(running)
    post.pass_time(random.choice([0.1, 2, 40, 4000]))


def acknowledge_all(devices: list[Device]) -> None:
    for device in devices:
        for other in OTHERS:
            for message in device.messages(other.id):
                if message.raw:
                    device.hear(Acknowledged(message.id, destinations.Contact(other.key)))


def settle(post: Post, devices: list[Device]) -> None:
    """Let all be there, and lose nothing any more, until they are silent."""
    post.loss = 0.0
    for device in devices:
        if not device.is_on:
            device.start()
    post.pass_time(86_400)


def run(seed: int, *, restores: bool = False) -> None:
    random = Random(seed)
    post = Post(seed, loss=random.choice([0.0, 0.3]), delay_s=random.choice([1.0, 60.0]))
    devices = [post.device(name) for name in NAMES]
    post.pair(*NAMES[:2])
    joins_at, copied_at, restored_at = (random.randrange(STEPS) for _ in range(3))
    copied = devices[0].copy()
    for n in range(STEPS):
        if n == joins_at:
            post.pair(*NAMES)
        if n == copied_at:
            copied = devices[0].copy()
        if restores and n == max(restored_at, copied_at + 1):
            devices[0].restore(copied)
        step(random, post, devices)
    settle(post, devices)
    first = devices[0].state()
    for device in devices[1:]:
        assert device.state() == first, f"seed {seed}"
    assert not any(device.lacks() for device in devices)
    sent_count = len(post.sent)
    post.pass_time(7 * 86_400)
    assert len(post.sent) == sent_count, "they never become silent"


SEEDS = st.integers(0, 1 << 32)
# Each run takes a fifth of a second.
RUNS = max(settings().max_examples // 10, 1)


@pytest.mark.slow
@given(SEEDS)
@settings(max_examples=RUNS)
def test_devices_end_equal(seed: int) -> None:
    run(seed)


@pytest.mark.slow
@given(SEEDS)
@settings(max_examples=RUNS)
def test_devices_end_equal_although_one_was_restored_from_an_old_copy(seed: int) -> None:
    run(seed, restores=True)
