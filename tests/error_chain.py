"""What an error carries beside its text: a log that prints or pickles it prints that, too."""

import traceback
from collections.abc import Iterator


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, its causes and its contexts, also those that `from None` hides."""
    left, seen = [error], set[int]()
    while left:
        found = left.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        left += [linked for linked in (found.__cause__, found.__context__) if linked is not None]
        if isinstance(found, BaseExceptionGroup):
            left += found.exceptions


def carried(error: BaseException) -> str:
    """Write down all that an error and its chain hold: texts, arguments, attributes, traceback."""
    parts = traceback.format_exception(error)
    for link in chain(error):
        parts += [str(link), repr(link.args), repr(getattr(link, "__notes__", ()))]
        names = (name for name in dir(link) if not name.startswith("__"))
        parts += [repr(getattr(link, name)) for name in names]
    return "\n".join(parts)
