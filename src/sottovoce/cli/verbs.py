"""How a verb takes a block of options whole, and ends with sentences.

A block is a frozen dataclass whose fields are declared like the parameters of a verb. The library
that reads the command line sees the fields, in their order, where the block stands; the verb gets
the block.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter, Signature, signature
from typing import Final, get_type_hints

from sottovoce.cli.output import CommandError, ExitCode, errors_as_sentences, shortened

# More than anybody means; times a million it still fits 64 bits, and as seconds a date.
NUMBER_MAX: Final = 10**12


def verb(work: Callable[..., None]) -> Callable[..., None]:
    """Make a function a verb: a parameter whose type is a block stands for the block's fields.

    Their defaults are those of the block that the parameter has as its default, or of its class.
    """
    declared = signature(work).parameters.values()
    blocks: dict[str, type] = {each.name: each.annotation for each in declared if _is_block(each)}
    parameters = [each for parameter in declared for each in _expanded(parameter)]

    @functools.wraps(work)
    def run(**given: object) -> None:
        with errors_as_sentences():
            for parameter in parameters:
                _check_number(parameter, given[parameter.name])
            for name, block in blocks.items():
                names = [field.name for field in fields(block)]
                given[name] = block(**{each: given.pop(each) for each in names})
            work(**given)

    # This is where the library looks for parameters.
    setattr(run, "__signature__", Signature(parameters))  # noqa: B010 - no type declares it
    return run


def _is_block(parameter: Parameter) -> bool:
    return is_dataclass(parameter.annotation)


def _expanded(parameter: Parameter) -> Iterator[Parameter]:
    if not _is_block(parameter):
        yield parameter
        return
    block = parameter.annotation
    hints = get_type_hints(block, include_extras=True)
    for field in fields(block):
        # A parameter without a default has an empty one, which has no such name.
        default = getattr(parameter.default, field.name, field.default)
        yield Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if default is MISSING else default,
            annotation=hints[field.name],
        )


def _check_number(parameter: Parameter, value: object) -> None:
    """Check what the range in the declaration of an option leaves open.

    Raises:
        CommandError: The number is infinite, none, or beyond all use.
    """
    if isinstance(value, int | float) and not abs(value) <= NUMBER_MAX:
        raise CommandError(
            f"{_option(parameter)} takes a number up to {NUMBER_MAX}, not "
            f"{shortened(str(value))}: beyond that it means nothing",
            ExitCode.USAGE,
        )


def _option(parameter: Parameter) -> str:
    """Return the name of an option as it is typed: the one it is declared with, or its own."""
    said = [
        word
        for info in getattr(parameter.annotation, "__metadata__", ())
        for word in (info.default, *(info.param_decls or ()))
        if str(word).startswith("--")
    ]
    return said[0] if said else f"--{parameter.name.replace('_', '-')}"
