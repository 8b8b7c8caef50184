"""A small reader of `.proto` files: messages, fields and enumerations, by name and number.

It reads what our own files use (proto3, nested messages and enumerations, `oneof`, `map`) and
fails on anything else, so that nothing is overlooked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

TOKEN = re.compile(r"\s+|//[^\n]*|(?P<token>\"[^\"]*\"|[\w.]+|[{}=;<>,])")


class Field(NamedTuple):
    """A field: how often, of which type (its last name), and its number."""

    label: str
    type: str
    number: int


@dataclass
class Declarations:
    """What a file declares; names are dotted and without the package."""

    package: str = ""
    fields: dict[str, dict[str, Field]] = field(default_factory=dict)
    enums: dict[str, dict[str, int]] = field(default_factory=dict)


def tokens(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        found = TOKEN.match(text, position)
        assert found is not None, f"unknown sign at {position}: {text[position]}"
        position = found.end()
        if found["token"]:
            yield found["token"]


class Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(tokens(text))
        self.found = Declarations()

    def next(self) -> str:
        return self._tokens.pop(0)

    def expect(self, *wanted: str) -> None:
        for token in wanted:
            assert self.next() == token

    def file(self) -> Declarations:
        while self._tokens:
            match self.next():
                case "syntax":
                    self.expect("=", '"proto3"', ";")
                case "package":
                    self.found.package = self.next()
                    self.expect(";")
                case "message":
                    self.message("")
                case "enum":
                    self.enum("")
                case other:
                    raise AssertionError(f"{other} is not read")
        return self.found

    def message(self, outer: str) -> None:
        name = outer + self.next()
        self.found.fields[name] = {}
        self.expect("{")
        self.body(name)

    def body(self, name: str) -> None:
        """Read until the closing brace of a message or of a `oneof` in it."""
        while (token := self.next()) != "}":
            match token:
                case "message":
                    self.message(name + ".")
                case "enum":
                    self.enum(name + ".")
                case "oneof":
                    self.next()
                    self.expect("{")
                    self.body(name)
                case "map":
                    self.map(name)
                case "repeated" | "optional":
                    self.field(name, token, self.next())
                case _:
                    self.field(name, "", token)

    def map(self, name: str) -> None:
        self.expect("<")
        key = self.next()
        self.expect(",")
        value = self.next().rpartition(".")[2]
        self.expect(">")
        self.field(name, "repeated", f"map<{key},{value}>")

    def field(self, name: str, label: str, type_name: str) -> None:
        called = self.next()
        self.expect("=")
        kind = type_name if "<" in type_name else type_name.rpartition(".")[2]
        self.found.fields[name][called] = Field(label, kind, int(self.next()))
        self.expect(";")

    def enum(self, outer: str) -> None:
        members = self.found.enums.setdefault(outer + self.next(), {})
        self.expect("{")
        while (token := self.next()) != "}":
            self.expect("=")
            members[token] = int(self.next())
            self.expect(";")


def read_proto(text: str) -> Declarations:
    """Read the text of a `.proto` file."""
    return Reader(text).file()
