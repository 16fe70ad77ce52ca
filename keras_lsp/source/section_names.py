"""Which names a top-level statement gives to a module and which it mentions: what facts can depend on."""

from __future__ import annotations

import ast
import re
import unicodedata
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from keras_lsp.source.enclosing import CHANGING, changed_names, named_without_node, root_name
from keras_lsp.source.module_index import Function, assigned_names, blocks_of
from keras_lsp.source.parameters import (
    all_arguments,
    fixture_name,
    may_assign,
    parameter_names,
    takes_fixtures,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# `name=` gives a name to an argument or to a local variable; `{name=}` in an f-string reads one.
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*(?!\w|[ \t]*=[^=}!:])")
# `name: Net = value`: here a name before `=` is an annotation.
_ANNOTATED = re.compile(r":[ \t]*([^\W\d][\w.|\[\], \t\"']*)=(?!=)")
_ATTRIBUTE = re.compile(r"\.\s*([^\W\d]\w*)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
# An element of a list or dict is given or deleted, or one of their methods that change them is called.
_MAY_CHANGE = re.compile(rf"\]\s*(?:[^=\s]{{0,2}}=(?!=)|,|\)|:)|\bdel\b|\.(?:{'|'.join(sorted(CHANGING))})\b")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEAVES = (ast.Raise, ast.Break, ast.Continue)


@dataclass(frozen=True, slots=True)
class SectionNames:
    """Names that surely mean something else here, such as parameters, are in none of these."""

    mentions: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()  # mentioned behind a dot
    gives: frozenset[str] = frozenset()  # names of the module body, of classes, and of what is changed
    callables: frozenset[str] = frozenset()  # names of functions and classes at any depth
    imports: tuple[ast.stmt, ...] = ()  # statements that import, and a stand-in for functions that do
    gives_attributes: bool = False  # `x.y = ...` on what is not `self`
    ends_module: bool = False  # what follows is never reached
    is_empty: bool = True
    is_definition: bool = False  # one class or function and nothing else
    face: str = ""  # a hash of what else can see of a class: all but the bodies of quiet methods
    quiet: tuple[
        tuple[str, str], ...
    ] = ()  # methods that give nothing to their object; hashes of their bodies
    shown: frozenset[str] = frozenset()  # of `attributes`, those outside the bodies of quiet methods

    def changed_inside(self, before: SectionNames) -> set[str]:
        """The methods whose bodies are all that a class differs in; none when there is more."""
        if not self.is_definition or self.face != before.face:
            return set()
        if (self.callables, self.gives) != (before.callables, before.gives):
            return set()
        pairs = list(zip(self.quiet, before.quiet, strict=False))
        if len(self.quiet) != len(before.quiet) or any(now != was for (now, _), (was, _) in pairs):
            return set()
        return {name for (name, body), (_, other) in pairs if body != other}


def names_of(statements: list[ast.stmt], text: str, first_line: int) -> SectionNames:
    """`first_line` is where `text` begins in the lines that the statements count."""
    if not statements:
        return SectionNames()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)  # as the compiler does with names
    reader = _Reader(_LINE.findall(text), first_line)
    for statement in statements:
        reader.read(statement)
    face, quiet = _face(statements, reader, text)
    return SectionNames(
        face=_hash(face),
        quiet=quiet,
        shown=frozenset(_ATTRIBUTE.findall(face)),
        mentions=frozenset(reader.mentions | reader.gives),
        attributes=frozenset(_ATTRIBUTE.findall(text)),
        gives=frozenset(reader.gives),
        callables=frozenset(reader.callables),
        imports=tuple(reader.imports),
        gives_attributes=reader.gives_attributes,
        ends_module=_ends(statements),
        is_empty=False,
        is_definition=len(statements) == 1 and isinstance(statements[0], _DEFINITIONS),
    )


class _Reader:
    def __init__(self, lines: list[str], first_line: int) -> None:
        self.mentions: set[str] = set()
        self.gives: set[str] = set()
        self.callables: set[str] = set()
        self.imports: list[ast.stmt] = []
        self.gives_attributes = False
        self._lines = lines
        self._first = first_line

    def read(self, statement: ast.stmt) -> None:
        """One top-level statement."""
        if isinstance(statement, _DEFINITIONS):
            self.gives.add(statement.name)
            if not isinstance(statement, ast.ClassDef) and (fixture := fixture_name(statement)):
                self.gives.add(fixture)
        else:
            for node in ast.walk(statement):
                if not isinstance(node, ast.Name):
                    self.gives.update(named_without_node(node))
                elif not isinstance(node.ctx, ast.Load):
                    self.gives.add(node.id)
        self._note_imports(statement)
        self._note_statements(statement)
        if _MAY_CHANGE.search(self.text(first_line(statement), (statement.end_lineno or 0) + 1)):
            self.gives |= changed_names([statement]) - {"self"}
        self._mention(statement)

    def _note_statements(self, top: ast.stmt) -> None:
        """Definitions at any depth, and attributes that are given from outside."""
        waiting: list[ast.AST] = [top]
        while waiting:
            node = waiting.pop()
            if isinstance(node, _DEFINITIONS):
                self.callables.add(node.name)
                if isinstance(node, ast.ClassDef):
                    self.gives.add(node.name)
            for target in _targets(node):
                if isinstance(target, ast.Attribute):
                    own = isinstance(target.value, ast.Name) and target.value.id == "self"
                    self.gives_attributes = self.gives_attributes or not own
                    self.gives |= {root_name(target) or ""} - {"self", ""}
            if isinstance(node, ast.Global):
                self.gives.update(node.names)
            if isinstance(node, (ast.If, ast.For, ast.While, ast.With, ast.Try)) and node is top:
                # functions in a block of the module body give it their names, too
                self.gives |= {d.name for d in ast.walk(node) if isinstance(d, _DEFINITIONS)}
            waiting += blocks_of(node)

    def _note_imports(self, top: ast.stmt) -> None:
        inner: list[ast.stmt] = []
        waiting: list[tuple[ast.AST, bool]] = [(top, True)]
        while waiting:
            node, outside = waiting.pop()
            if isinstance(node, ast.stmt) and _imports(node):
                (self.imports if outside else inner).append(node)
            outside = outside and not isinstance(node, _DEFINITIONS)
            waiting += [(child, outside) for child in reversed(list(blocks_of(node)))]
        if inner:
            self.imports.append(_unnamed_function(inner))

    def _mention(self, top: ast.stmt) -> None:
        at = first_line(top)
        for function in _functions(top):
            begin = first_line(function.body[0])
            end = (function.end_lineno or function.lineno) + 1
            if begin <= _last_header_line(function) or begin < at:
                continue  # all on one line: nothing is hidden
            # A test's parameters are named after fixtures of the module.
            names = set() if takes_fixtures(function) else set(parameter_names(function))
            before = self.text(at, function.lineno)
            outside = {
                n.id for part in _header_parts(function) for n in ast.walk(part) if isinstance(n, ast.Name)
            }
            self.mentions.update(_names_in(before))
            header = set(_names_in(self.text(function.lineno, begin)))
            self.mentions |= header - (names - outside)
            body = self.text(begin, end)
            self.mentions |= set(_names_in(body)) - names - self._locals(function, begin, body)
            at = end
        self.mentions.update(_names_in(self.text(at, (top.end_lineno or top.lineno) + 1)))

    def _locals(self, function: Function, begin: int, body: str) -> set[str]:
        """Names that the function gives a value before it says them otherwise."""
        assigned: dict[str, ast.Assign] = {}
        for statement in function.body:
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                target = statement.targets[0]
                if isinstance(target, ast.Name):
                    assigned.setdefault(target.id, statement)
        if not assigned:
            return set()
        first: dict[str, int] = {}
        for match in _WORD.finditer(body):
            first.setdefault(match.group(), match.start())
        found = set()
        for name, statement in assigned.items():
            offset = len(self.text(begin, statement.lineno))
            line = self.text(statement.lineno, statement.lineno + 1)
            column = len(line) - len(line.lstrip())
            at_start = first.get(name) == offset + column and line.startswith(name, column)
            if at_start and not any(
                isinstance(node, ast.Name) and node.id == name for node in ast.walk(statement.value)
            ):
                found.add(name)
        return found

    def text(self, first: int, last: int) -> str:
        """Lines from `first` up to `last`, without it."""
        return "".join(self._lines[first - self._first : last - self._first])


_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")


def _names_in(text: str) -> list[str]:
    found = _NAME.findall(text)
    for annotation in _ANNOTATED.findall(text):
        found += _WORD.findall(annotation)
    return found


def first_line(statement: ast.stmt) -> int:
    """Of a definition that is decorated, the line of its first decorator."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _face(statements: list[ast.stmt], reader: _Reader, text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A class without the bodies of its quiet methods, and hashes of these; of all else the whole text."""
    statement = statements[0]
    if len(statements) > 1 or not isinstance(statement, ast.ClassDef):
        return text, ()
    at, shown, quiet = first_line(statement), "", []
    for method in _functions(statement):
        begin, end = first_line(method.body[0]), (method.end_lineno or method.lineno) + 1
        if begin > _last_header_line(method) and not may_assign(method):
            shown += reader.text(at, begin)
            quiet.append((method.name, _hash(reader.text(begin, end))))
            at = end
    return shown + reader.text(at, (statement.end_lineno or at) + 1), tuple(quiet)


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _functions(top: ast.stmt) -> Iterator[Function]:
    """The statement itself, or the methods of a class, in order."""
    if isinstance(top, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield top
    elif isinstance(top, ast.ClassDef):
        for statement in top.body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield statement


def _header_parts(function: Function) -> Iterable[ast.expr]:
    arguments = function.args
    every = [*all_arguments(function), arguments.vararg, arguments.kwarg]
    parts = [*arguments.defaults, *arguments.kw_defaults, function.returns]
    parts += [argument.annotation for argument in every if argument is not None]
    return [part for part in parts if part is not None]


def _last_header_line(function: Function) -> int:
    lines = [part.end_lineno or part.lineno for part in _header_parts(function)]
    lines += [argument.lineno for argument in all_arguments(function)]
    return max([function.lineno, *lines])


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    """Everything that a statement gives a value to, out of tuples."""
    waiting: list[ast.expr | None] = []
    if isinstance(node, ast.Assign):
        waiting += node.targets
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor)):
        waiting.append(node.target)
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        waiting += [item.optional_vars for item in node.items]
    while waiting:
        target = waiting.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            waiting += target.elts
        elif isinstance(target, ast.Starred):
            waiting.append(target.value)
        elif target is not None:
            yield target


def _imports(node: ast.stmt) -> bool:
    """Whether it is an import, or may be as good as one: `layers = tf.keras.layers`."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    if not isinstance(node, ast.Assign):
        return False
    return any(isinstance(value, (ast.Attribute, ast.Name)) for _, value in assigned_names(node))


def _unnamed_function(body: list[ast.stmt]) -> ast.stmt:
    """What is not of the module body must not look as if it were."""
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.FunctionDef(name="", args=nothing, body=body, decorator_list=[], lineno=1, col_offset=0)


def _ends(statements: list[ast.stmt]) -> bool:
    """Whether nothing behind these is reached, as the walk of a module sees it."""
    return any(_ends_here(statement) for statement in statements)


def _ends_here(node: ast.stmt) -> bool:
    if isinstance(node, _LEAVES):
        return True
    if isinstance(node, ast.If):
        return _ends(node.body) and _ends(node.orelse)
    if isinstance(node, (ast.With, ast.AsyncWith, ast.ClassDef)):
        return _ends(node.body)
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return _ends(node.orelse)
    if isinstance(node, ast.Try):
        tried = _ends(node.body) or _ends(node.orelse)
        return (tried and all(_ends(handler.body) for handler in node.handlers)) or _ends(node.finalbody)
    return False
