"""Rewrites a module so that the values of its expressions are recorded; positions stay the user's.

These functions are called from the rewritten text (their names are globals of the module):
`RECORD(value, index)` for an expression, `ASSIGN(value, index)` for the targets of an assignment,
`LOOP(iterable, index)` around what a `for` runs over, `WHILE(test, index)` around the test of a `while`,
`CALLEE(function)` around what is called. Each hands on its first argument, or what stands in for it.
Wrapping values keeps every traceback, `super()` and closure as it was, on any Python version.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Set, Union

from ..report import SpanPair

if TYPE_CHECKING:
    from .places import SourceMap

RECORD = "__keras_lsp_record__"
ASSIGN = "__keras_lsp_assign__"
LOOP = "__keras_lsp_loop__"
WHILE = "__keras_lsp_while__"
CALLEE = "__keras_lsp_callee__"
METHOD = "__keras_lsp_method__"

# An assignment's target: the span of a name or attribute, a list for unpacking, None: not recorded.
Target = Union[None, SpanPair, List[Any]]

MEMBER_LISTS = frozenset(
    {"layers", "weights", "variables", "trainable_weights", "trainable_variables"}
    | {"non_trainable_weights", "non_trainable_variables"}
)
# What these answer depends on files, and a replay may see others than the real run.
DATA_QUESTIONS = frozenset({"glob", "rglob", "iterdir", "exists", "is_dir", "is_file", "isdir", "isfile"})
OBSERVED_METHODS = frozenset({"build"})


class Instrumented:
    """The rewritten tree and what its indices mean."""

    def __init__(self, tree: ast.Module, rewriter: _Rewriter) -> None:
        self.tree = tree
        self.spans: List[SpanPair] = rewriter.spans
        self.targets: List[List[Target]] = rewriter.targets
        self.loads: Dict[str, List[int]] = rewriter.loads  # name -> indices of the places that read it
        self.member_lists: Set[int] = rewriter.member_lists  # indices of `.layers`, `.weights` and the like
        self.data_questions: Set[int] = rewriter.data_questions  # indices of questions to the file system
        self._source = rewriter.source

    def place_of(self, index: int) -> Optional[SpanPair]:
        """Where the first name is that an assignment or a loop binds."""
        target: Target = self.targets[index]
        while isinstance(target, list):
            target = target[0] if target else None
        return target

    def text_at(self, span: SpanPair) -> str:
        return self._source.text[span[0] : span[1]]


def instrument(tree: ast.Module, source: SourceMap) -> Instrumented:
    """Rewrite `tree` in place."""
    rewriter = _Rewriter(source, _plain_names(tree))
    rewritten = rewriter.visit(tree)
    return Instrumented(ast.fix_missing_locations(rewritten), rewriter)


def attend(tree: ast.Module) -> ast.Module:
    """Rewrite a module of which nothing is recorded: what it calls, and its loops, may still meet holes.

    A package may have hundreds of files, so this takes a fifth of the time of the other.
    """
    whiles = 0
    for node in ast.walk(tree):  # which has taken a node's parts before we change them
        kind = type(node)
        if kind is ast.Call:
            if (node.args or node.keywords) and not _is_super(node.func):  # type: ignore[attr-defined]  # a Call
                node.func = _wrapped(CALLEE, node.func)  # type: ignore[attr-defined]  # a Call
        elif kind is ast.For or kind is ast.comprehension:
            node.iter = _wrapped(LOOP, node.iter, 0)  # type: ignore[attr-defined]  # both have one
        elif kind is ast.While:
            node.test = _wrapped(WHILE, node.test, whiles)  # type: ignore[attr-defined]  # a While
            whiles += 1
    return tree


def _wrapped(function: str, node: ast.expr, *more: int) -> ast.expr:
    arguments = [node, *map(ast.Constant, more)]
    return _located(ast.Call(ast.Name(function, ast.Load()), arguments, []), node)


def _plain_names(tree: ast.Module) -> Set[str]:
    """Names of modules, imported functions and builtins, as far as the text does not bind them anew."""
    imported: Set[str] = set()
    bound: Set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imported.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return (imported | set(dir(builtins))) - bound


class _Rewriter(ast.NodeTransformer):
    def __init__(self, source: SourceMap, plain: Set[str]) -> None:
        self.source = source
        self.plain = plain
        self.spans: List[SpanPair] = []
        self.targets: List[List[Target]] = []
        self.loads: Dict[str, List[int]] = {}
        self.member_lists: Set[int] = set()
        self.data_questions: Set[int] = set()
        self.own_name: List[Optional[str]] = [None]  # "self" of the method we are in

    # -- expressions

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if _is_super(node.func):
            return node
        place = self.source.node(node)
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if isinstance(node.func, ast.Attribute) and _is_observed(node.func):
            node.func = self._observed_method(node.func, place)
        else:
            node.func = self._callee(self.visit(node.func), node)
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        if called in DATA_QUESTIONS:
            self.data_questions.add(len(self.spans))
        return self._record(node, place)

    def _callee(self, function: ast.expr, call: ast.Call) -> ast.expr:
        if not call.args and not call.keywords:
            return function
        return _located(ast.Call(ast.Name(CALLEE, ast.Load()), [function], []), function)

    def _observed_method(self, function: ast.Attribute, place: SpanPair) -> ast.expr:
        receiver = self.visit(function.value)
        self.spans.append(place)
        arguments = [receiver, ast.Constant(function.attr), ast.Constant(len(self.spans) - 1)]
        return _located(ast.Call(ast.Name(METHOD, ast.Load()), arguments, []), function)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if self._is_dotted_import(node):
            return node
        place = self.source.node(node)
        node.value = self.visit(node.value)
        if not isinstance(node.ctx, ast.Load):
            return node
        if node.attr in MEMBER_LISTS:
            self.member_lists.add(len(self.spans))
        return self._record(node, place)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        place = self.source.node(node)
        node.value = self.visit(node.value)
        node.slice = self.visit(node.slice)
        return self._record(node, place) if isinstance(node.ctx, ast.Load) else node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        recorded = (
            isinstance(node.ctx, ast.Load) and node.id not in self.plain and node.id != self.own_name[-1]
        )
        if not recorded:
            return node
        self.loads.setdefault(node.id, []).append(len(self.spans))
        return self._record(node, self.source.node(node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        place = self.source.node(node)
        self.generic_visit(node)
        return self._record(node, place)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        node.value = self._assign(self.visit(node.value), [node.target])
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        node.iter = self._loop(self.visit(node.iter), node.target)
        node.ifs = [self.visit(condition) for condition in node.ifs]
        return node

    # -- statements

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        value = self.visit(node.value)
        node.value = self._assign(value, node.targets)
        node.targets = [self.visit(target) for target in node.targets]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is not None:
            node.value = self._assign(self.visit(node.value), [node.target])
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Union[ast.stmt, List[ast.stmt]]:
        node.value = self.visit(node.value)
        return [node, self._record_name(node.target)] if isinstance(node.target, ast.Name) else node

    def visit_For(self, node: ast.For) -> ast.stmt:
        node.iter = self._loop(self.visit(node.iter), node.target)
        node.body = self._statements(node.body)
        node.orelse = self._statements(node.orelse)
        return node

    def visit_While(self, node: ast.While) -> ast.stmt:
        self.spans.append(self.source.node(node.test))
        arguments = [self.visit(node.test), ast.Constant(len(self.spans) - 1)]
        node.test = _located(ast.Call(ast.Name(WHILE, ast.Load()), arguments, []), arguments[0])
        node.body = self._statements(node.body)
        node.orelse = self._statements(node.orelse)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        arguments = [*getattr(node.args, "posonlyargs", []), *node.args.args, *node.args.kwonlyargs]
        is_method = bool(arguments) and arguments[0].arg in ("self", "cls")
        self.own_name.append(arguments[0].arg if is_method else None)
        body = self._statements(node.body)
        entry = [self._record_argument(argument) for argument in arguments[1 if is_method else 0 :]]
        docstring = 1 if ast.get_docstring(node, clean=False) is not None else 0
        node.body = body[:docstring] + entry + body[docstring:]
        self.own_name.pop()
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.stmt:
        return node

    def visit_match_case(self, node: Any) -> Any:
        # A pattern may hold only names and constants: a wrapped one would not compile.
        if node.guard is not None:
            node.guard = self.visit(node.guard)
        node.body = self._statements(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        node.body = self._statements(node.body)
        return node

    def _statements(self, body: List[ast.stmt]) -> List[ast.stmt]:
        out: List[ast.stmt] = []
        for statement in body:
            result = self.visit(statement)
            out.extend(result if isinstance(result, list) else [result])
        return out

    # -- wrapping

    def _index(self, place: SpanPair) -> ast.Constant:
        self.spans.append(place)
        return ast.Constant(len(self.spans) - 1)

    def _record(self, node: ast.expr, place: SpanPair) -> ast.expr:
        return _located(ast.Call(ast.Name(RECORD, ast.Load()), [node, self._index(place)], []), node)

    def _record_name(self, target: ast.Name) -> ast.stmt:
        load = ast.copy_location(ast.Name(target.id, ast.Load()), target)
        return ast.copy_location(ast.Expr(self._record(load, self.source.node(target))), target)

    def _record_argument(self, argument: ast.arg) -> ast.stmt:
        start, _ = self.source.node(argument)
        place = (start, start + len(argument.arg))
        load = ast.copy_location(ast.Name(argument.arg, ast.Load()), argument)
        return ast.copy_location(ast.Expr(self._record(load, place)), argument)

    def _assign(self, value: ast.expr, targets: List[ast.expr]) -> ast.expr:
        return self._with_targets(ASSIGN, value, targets)

    def _loop(self, iterable: ast.expr, target: ast.expr) -> ast.expr:
        return self._with_targets(LOOP, iterable, [target])

    def _with_targets(self, function: str, value: ast.expr, targets: List[ast.expr]) -> ast.expr:
        self.targets.append([self._target(target) for target in targets])
        index = ast.Constant(len(self.targets) - 1)
        return _located(ast.Call(ast.Name(function, ast.Load()), [value, index], []), value)

    def _target(self, target: ast.expr) -> Target:
        if isinstance(target, (ast.Name, ast.Attribute)):
            return self.source.node(target)
        if isinstance(target, (ast.Tuple, ast.List)):
            if any(isinstance(item, ast.Starred) for item in target.elts):
                return None
            return [self._target(item) for item in target.elts]
        return None

    def _is_dotted_import(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.plain


def _is_observed(function: ast.Attribute) -> bool:
    value = function.value
    on_super = isinstance(value, ast.Call) and _is_super(value.func)
    return function.attr in OBSERVED_METHODS and not on_super


def _is_super(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id == "super"


def _located(wrapper: ast.Call, node: ast.expr) -> ast.expr:
    """The wrapper and its own parts take the position of what they wrap."""
    ast.copy_location(wrapper, node)
    ast.copy_location(wrapper.func, node)
    for argument in wrapper.args:
        if not hasattr(argument, "lineno"):
            ast.copy_location(argument, node)
    return wrapper
