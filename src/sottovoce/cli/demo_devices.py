"""A second device in ``sottovoce demo``: it is paired, and has what the first one has."""

from sottovoce.chat.device_code import device_code
from sottovoce.chat.records import Device, Group
from sottovoce.cli.demo_group import tell_group
from sottovoce.cli.demo_people import Person, delivered, say, together
from sottovoce.cli.demo_play import Stage


async def play_pairing(stage: Stage, phone: Person) -> None:
    """Pair Anna's phone, which was made from her recovery phrase, with her first device.

    Raises:
        CommandError: The two do not find each other.
    """
    stage.transcript.scene(
        "A second device",
        "Anna types her recovery phrase into her phone. The phrase alone shows nothing of what\n"
        "was said. Each device shows a code, and Anna types each into the other one.",
    )
    desk = stage.anna
    here = await desk.port.introduce_device("Anna's desk")
    there = await phone.port.introduce_device("Anna's phone", kind="mobile")
    # What one said before the other listened is said once more.
    await together("the phone to see the desk", _seen(phone, desk, here))
    await together("the desk to see the phone", _seen(desk, phone, there))
    for person, own, other in ((desk, here, there), (phone, there, here)):
        code = device_code(person.port.public_key, other.installation_id)
        enabled = await person.port.enable_device(code)
        stage.transcript.paired(own.name, enabled, code)


async def _seen(viewer: Person, speaker: Person, device: Device) -> None:
    known = {each.installation_id for each in await viewer.port.devices() if each.name}
    if device.installation_id not in known:
        await speaker.port.introduce_device()
        await viewer.sees_device(device.installation_id)


async def play_both_devices(stage: Stage, phone: Person, group: Group) -> None:
    """Let Anna write on either device, and wait until her phone has all that her desk has.

    Raises:
        CommandError: Something does not appear on one of them.
    """
    stage.transcript.scene(
        "On both",
        "What Anna writes on one device appears on the other, and so does what she is told.\n"
        "What was said before the phone was there, her desk has told it meanwhile.",
    )
    desk, bruno = stage.anna, stage.bruno
    for speaker, listener, copied_to, text in (
        (desk, bruno, phone, "Written at my desk."),
        (phone, bruno, desk, "And this on the way, on the phone."),
        (bruno, desk, phone, "I cannot tell which is which, and need not."),
    ):
        saying = await say(speaker, listener, _partner(stage, speaker).port.public_key, text)
        stage.said.append(saying)
        delivery = await delivered(saying)
        await together(
            f"a message to appear on {copied_to.name}", copied_to.hears(saying.message.id)
        )
        stage.transcript.message(delivery, "private", (), [])
        stage.transcript.copied(copied_to.name, delivery, copied_to.arrival(saying.message.id)[1])
    await tell_group(stage, group, phone, (bruno, desk), "In the group, too, from the phone.")
    said = [each.message.id for each in stage.said]
    said += [each.message.id for each in stage.said_in_group]
    await together("the phone to have everything", *(phone.hears(each) for each in said))
    stage.transcript.remark(
        f"Anna's phone has all {len(said)} messages, those from before it was there included."
    )


def _partner(stage: Stage, speaker: Person) -> Person:
    return stage.anna if speaker is stage.bruno else stage.bruno
