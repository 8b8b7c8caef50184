"""A group in ``sottovoce demo``: three people talk, and one of them is taken out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sottovoce.chat.records import Group
from sottovoce.cli.demo_people import GroupSaying, Person, delivered, say, together
from sottovoce.cli.demo_play import Stage
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.sdk.errors import RefusedError

NAME: Final = "Harbour"


async def play_group(stage: Stage, carla: Person) -> Group:
    """Let three people talk in a group, and two go on without the third.

    Returns:
        The group as it is then.

    Raises:
        CommandError: A message did not arrive, or somebody sees another group.
    """
    stage.transcript.scene(
        "A group",
        f"Anna makes the group {NAME} and invites Bruno and Carla, who do not know each other.\n"
        "Every message is sealed for each member alone, and carries the signed history of the\n"
        "group, so that everybody can check who may speak.",
    )
    anna, bruno = stage.anna, stage.bruno
    await anna.port.add_contact(carla.port.public_key, nickname=carla.name)
    await carla.port.add_contact(anna.port.public_key, nickname=anna.name)
    group = await anna.port.create_group(NAME, bruno.port.public_key, carla.port.public_key)
    stage.transcript.group(f"Anna creates {NAME} and invites Bruno and Carla.", "created", group)
    await together(
        "the invitations",
        *(each.sees_group(group.chat_id, lambda _: True) for each in (bruno, carla)),
    )
    for count, each in enumerate((bruno, carla), start=2):
        group = await each.port.join_group(group)
        stage.transcript.group(f"{each.name} joins.", "joined", group)
        await _all_see(group, (anna, bruno, carla), count)
    await tell_group(stage, group, anna, (bruno, carla), "Who brings the lantern?")
    await tell_group(stage, group, bruno, (anna, carla), "I do. Carla, you have the boat?")
    await tell_group(stage, group, carla, (anna, bruno), "The boat is mine, and so is the map.")
    return await _remove(stage, group, carla)


async def _remove(stage: Stage, group: Group, carla: Person) -> Group:
    """Let Anna take Carla out, and the others go on.

    Raises:
        CommandError: She still hears or speaks.
    """
    anna, bruno = stage.anna, stage.bruno
    group = await anna.port.remove_member(group, carla.port.public_key)
    stage.transcript.group("Anna removes Carla.", "removed", group)
    await together(
        "everybody to see that Carla is out",
        *(
            each.sees_group(group.chat_id, lambda it: carla.port.public_key not in it.members)
            for each in (anna, bruno, carla)
        ),
    )
    await tell_group(stage, group, anna, (bruno,), "The map she has is the old one.")
    await tell_group(stage, group, bruno, (anna,), "Then we are two. Nine o'clock.")
    try:
        await carla.port.send(group, "Am I still here?")
    except RefusedError as error:
        stage.transcript.refusal(carla.name, str(error))
    else:
        raise CommandError(
            "Carla was removed from the group and could write there", ExitCode.UNTRUSTED
        )
    return group


async def _all_see(group: Group, people: Sequence[Person], joined_count: int) -> None:
    """Wait until everybody knows how many have joined.

    Raises:
        CommandError: Somebody does not.
    """
    await together(
        "everybody to see who has joined",
        *(
            each.sees_group(group.chat_id, lambda it: len(it.joined) == joined_count)
            for each in people
        ),
    )


async def tell_group(
    stage: Stage, group: Group, speaker: Person, listeners: tuple[Person, ...], text: str
) -> None:
    """Let somebody say something in the group, and wait until all others have it.

    Raises:
        CommandError: One of them has not got it.
    """
    saying = await say(speaker, listeners[0], group, text)
    stage.said_in_group.append(GroupSaying(saying.message, speaker, listeners))
    deliveries = [await delivered(replace(saying, listener=each)) for each in listeners]
    stage.transcript.group_message(deliveries, group.name)
