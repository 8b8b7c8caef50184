"""The committed protobuf code is what the `.proto` files say, seen without the compiler."""

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from unit.proto.proto_text import Declarations, Field, read_proto

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "src" / "sottovoce" / "proto"
FILES = sorted(FOLDER.glob("*.proto"))
REMEDY = "run `make proto`"

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def scalar_names() -> dict[int, str]:
    """Map the numbers that descriptors use for types to the names in `.proto` files."""
    descriptor: Any = import_module("google.protobuf.descriptor").FieldDescriptor
    return {
        getattr(descriptor, name): name.removeprefix("TYPE_").lower()
        for name in dir(descriptor)
        if name.startswith("TYPE_")
    }


SCALARS = scalar_names()


def type_name(field: Any) -> str:
    if field.message_type is not None:
        if field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields
            return f"map<{type_name(key)},{type_name(value)}>"
        return str(field.message_type.name)
    return str(field.enum_type.name) if field.enum_type is not None else SCALARS[field.type]


def field_of(field: Any) -> Field:
    # An optional scalar stands in a `oneof` of its own, which the compiler names with a `_`.
    alone = field.containing_oneof is not None and field.containing_oneof.name == f"_{field.name}"
    label = "repeated" if field.is_repeated else "optional" if alone else ""
    return Field(label, type_name(field), field.number)


def collect(message: Any, outer: str, found: Declarations) -> None:
    if message.GetOptions().map_entry:
        return
    name = outer + message.name
    found.fields[name] = {field.name: field_of(field) for field in message.fields}
    for enum in message.enum_types:
        found.enums[f"{name}.{enum.name}"] = {value.name: value.number for value in enum.values}
    for inner in message.nested_types:
        collect(inner, name + ".", found)


def generated(path: Path) -> Declarations:
    descriptor = import_module(f"sottovoce.proto.{path.stem}_pb2").DESCRIPTOR
    found = Declarations(descriptor.package)
    for message in descriptor.message_types_by_name.values():
        collect(message, "", found)
    for enum in descriptor.enum_types_by_name.values():
        found.enums[enum.name] = {value.name: value.number for value in enum.values}
    return found


def test_every_proto_file_has_its_code_and_no_code_is_left_over() -> None:
    for suffix in (".py", ".pyi"):
        made = {path.name for path in FOLDER.glob(f"*_pb2{suffix}")}
        assert made == {f"{path.stem}_pb2{suffix}" for path in FILES}, REMEDY


@each_file
def test_generated_code_has_the_names_and_numbers_of_its_file(path: Path) -> None:
    assert generated(path) == read_proto(path.read_text(encoding="utf-8")), REMEDY


@each_file
def test_generated_types_have_the_names_of_their_file(path: Path) -> None:
    stub = path.with_name(f"{path.stem}_pb2.pyi").read_text(encoding="utf-8")
    declared = read_proto(path.read_text(encoding="utf-8"))
    for message, fields in declared.fields.items():
        assert re.search(rf"^ *class {message.rpartition('.')[2]}\(", stub, re.MULTILINE), REMEDY
        for name in fields:
            assert f"{name.upper()}_FIELD_NUMBER: " in stub, REMEDY
    for members in declared.enums.values():
        for name, number in members.items():
            assert re.search(rf"^ *{name}: .*  # {number}$", stub, re.MULTILINE), REMEDY


@each_file
def test_packages_do_not_share_a_namespace(path: Path) -> None:
    package = read_proto(path.read_text(encoding="utf-8")).package
    assert package == f"sottovoce.{path.stem}"


def test_oldest_library_that_we_allow_can_load_the_code() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (allowed,) = re.findall(r"protobuf>=([\d.]+)", " ".join(project["dependencies"]))
    for path in FOLDER.glob("*_pb2.py"):
        found = re.search(r"^# Protobuf Python Version: ([\d.]+)$", path.read_text(), re.MULTILINE)
        assert found is not None
        needed = [int(part) for part in found[1].split(".")]
        assert [int(part) for part in allowed.split(".")] >= needed


@pytest.mark.parametrize(
    "text",
    [
        "message A { string a = 1; ",
        "message A { group B = 1 { } }",
        "message A { string a; }",
        'import "other.proto";',
        'syntax = "proto2";',
        "message A { reserved 2; }",
    ],
)
def test_what_the_reader_does_not_know_is_not_overlooked(text: str) -> None:
    with pytest.raises((AssertionError, IndexError, ValueError)):
        read_proto(text)


def test_reader_sees_every_kind_of_declaration() -> None:
    read = read_proto(
        """
        syntax = "proto3";
        package a.b;
        message Outer {  // a remark
          message Inner { bytes raw = 1; }
          enum Kind { NONE = 0; SOME = 1; }
          repeated Inner inner = 1;
          optional bytes name = 2;
          map<string, Outer.Inner> table = 3;
          oneof choice { Kind kind = 4; }
        }
        enum Top { ZERO = 0; }
        """
    )
    assert read == Declarations(
        package="a.b",
        fields={
            "Outer.Inner": {"raw": Field("", "bytes", 1)},
            "Outer": {
                "inner": Field("repeated", "Inner", 1),
                "name": Field("optional", "bytes", 2),
                "table": Field("repeated", "map<string,Inner>", 3),
                "kind": Field("", "Kind", 4),
            },
        },
        enums={"Outer.Kind": {"NONE": 0, "SOME": 1}, "Top": {"ZERO": 0}},
    )
