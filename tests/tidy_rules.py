"""Rules about the shape of Python code, each a question to a syntax tree."""

import ast
from collections.abc import Iterator
from typing import Final

FUNCTION_LINES_MAX: Final = 70
PLAIN_NUMBERS: Final = frozenset({-1, 0, 1, 2})
# A comparison like `len(items) == 4` shows a shape; a larger number deserves a name there too.
SHAPE_MAX: Final = 9


def long_functions(tree: ast.Module) -> Iterator[tuple[int, str, int]]:
    """Find functions with too many lines; the docstring does not count."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield node.lineno, node.name, lines


def is_constant_name(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id.isupper()


def named_statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Find assignments to UPPER_CASE names in the module or in a class (members of enums)."""
    bodies = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for statement in (statement for body in bodies for statement in body):
        match statement:
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                if is_constant_name(target):
                    yield statement
            case _:
                pass


def shapes(tree: ast.Module) -> Iterator[ast.expr]:
    """Find what `len(...)` is compared with."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        if any(
            isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id == "len"
            for side in sides
        ):
            yield from sides


def unnamed_numbers(tree: ast.Module) -> Iterator[tuple[int, object]]:
    """Find numbers that neither carry a name nor speak for themselves."""
    allowed = {id(part) for statement in named_statements(tree) for part in ast.walk(statement)}
    small = {
        id(side)
        for side in shapes(tree)
        if isinstance(side, ast.Constant)
        and isinstance(side.value, int)
        and side.value <= SHAPE_MAX
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
            continue
        if not isinstance(node.value, int | float) or node.value in PLAIN_NUMBERS:
            continue
        if id(node) not in allowed | small:
            yield node.lineno, node.value


def has_behaviour(tree: ast.Module) -> bool:
    """Tell whether any function does more than say its name."""
    return any(
        not isinstance(statement, ast.Expr | ast.Pass)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in node.body
    )
