"""What was typed wrong, told in a sentence: what is wanted there, and what stood there instead.

The library that reads the command line has its own words for that, in a form of its own. Here they
become errors like all others. What an error carries differs by the library's version, so that it is
asked for by name; where something is missing, the library's sentence is left.
"""

import sys
from collections.abc import Sequence
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typing_extensions import override

from sottovoce.cli.output import ExitCode, complain, printable, shortened

_KINDS: Final = {int: "a whole number", float: "a number", bool: "1 for yes or 0 for no"}
_EXTRA: Final = "Got unexpected extra argument"


class Commands(TyperGroup):
    """All commands: what the library refuses is told in a sentence."""

    @override
    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command, and end the process with its code unless the caller wants to.

        Raises:
            SystemExit: The command has ended.
            Abort: Nothing was answered, and the caller wants to know.
            TyperException: Something was typed wrong, and the caller wants to know.
        """
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.Abort:
            if not standalone_mode:
                raise
            complain("nothing was answered, so nothing was done")
            code = ExitCode.UNEXPECTED
        except typer.TyperException as error:
            if not standalone_mode:
                raise
            _tell(error)
            code = ExitCode.USAGE
        if standalone_mode:
            sys.exit(code)
        return code


def _tell(error: typer.TyperException) -> None:
    if _kind(error) == "NoArgsIsHelpError":
        typer.echo(error.format_message(), err=True)
    else:
        complain(usage_sentence(error))


def usage_sentence(error: typer.TyperException) -> str:
    """Return what is wrong with a command line, what is wanted, and where more is said."""
    context = getattr(error, "ctx", None)
    more = "" if context is None else f" (more: {context.command_path} --help)"
    return _sentence(error) + more


def _sentence(error: typer.TyperException) -> str:
    match _kind(error):
        case "BadParameter":
            return _bad_value(error)
        case "MissingParameter":
            meaning = str(getattr(getattr(error, "param", None), "help", None) or "").rstrip(".")
            return f"{_name(error)} is missing" + (f": {meaning}" if meaning else "")
        case "BadOptionUsage" if "requires" in error.message:
            return f"{getattr(error, 'option_name', '')} needs a value behind it"
        case "NoSuchOption":
            near = " or ".join(sorted(getattr(error, "possibilities", None) or ()))
            hint = f"; did you mean {near}?" if near else ""
            return f"there is no option {getattr(error, 'option_name', '')!r} here{hint}"
        case _ if error.message.startswith(_EXTRA):
            left = error.message.removeprefix(_EXTRA).removeprefix("(s)").strip()
            return f"too many words, nothing takes {left}: put a text with spaces into quotes"
        case _:
            message = error.format_message().rstrip(".").replace(". Did", "; did")
            return message[:1].lower() + message[1:]


def _kind(error: typer.TyperException) -> str:
    return type(error).__name__


def _bad_value(error: typer.TyperException) -> str:
    wanted = _wanted(getattr(error, "param", None))
    if not wanted:
        return f"{_name(error)}: {printable(error.message)}"
    return f"{_name(error)} takes {wanted}{_given(error)}"


def _name(error: typer.TyperException) -> str:
    """Return how the option or argument is called, or the variable if that was read."""
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if parameter is None:
        return "something"
    options = [each for each in parameter.opts if each.startswith("--")]
    name = options[0] if options else str(parameter.metavar or parameter.name).strip("[].").upper()
    source = None if context is None else context.get_parameter_source(parameter.name)
    is_of_environment = getattr(source, "name", "") == "ENVIRONMENT"
    return f"{parameter.envvar} ({name})" if is_of_environment else name


def _wanted(parameter: object) -> str:
    """Return what a parameter takes; nothing if that is not known."""
    kind = getattr(parameter, "type_descriptor", None)
    if kind is None:
        return ""
    if kind.choices is not None:
        words = [str(choice.value) for choice in kind.choices]
        return f"{', '.join(words[:-1])} or {words[-1]}"
    if kind.annotation not in _KINDS:
        return ""
    info = kind.parameter_info
    return _KINDS[kind.annotation] + _range(info.min, info.max)


def _range(least: float | None, most: float | None) -> str:
    if least is None:
        return "" if most is None else f" up to {_plain(most)}"
    return f" from {_plain(least)} " + ("up" if most is None else f"to {_plain(most)}")


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"


def _given(error: typer.TyperException) -> str:
    """Return what was given instead, shortened; nothing if the error does not say it."""
    errors = getattr(error.__cause__, "errors", None)
    found = errors() if callable(errors) else []
    if not found or "input" not in found[0]:
        return ""
    return f", not {shortened(ascii(found[0]['input']))}"
