"""Compares what attributes of real instances hold with what the text says about them."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_lsp.source.extract import facts_of
from keras_lsp.source.facts import LayerSlot
from keras_lsp.source.jedi_names import JediNames
from keras_lsp.source.jedi_resolver import JediResolver
from keras_lsp.source.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.source.facts import LayerCall, ModuleFacts

Json = dict[str, Any]  # as `instances.py` tells it

RIGHT = "right"
CLASS_UNKNOWN = "class not said"
MISSED = "missed"
WRONG = ("wrong class", "wrong length", "no layer")
# Of several verdicts about one attribute the first counts.
ORDER = (*WRONG, MISSED, CLASS_UNKNOWN, RIGHT)
# Code of the frameworks sets attributes, too; those are not in the text we judge.
FRAMEWORK = ("/tensorflow/", "/keras/src/", "/tf_keras/", "<")


@dataclass
class Tally:
    """Verdicts by construct, over all packages compared."""

    verdicts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    classes: int = 0
    holders: set[str] = field(default_factory=set)  # classes with an attribute that holds layers
    others: int = 0  # attributes that hold no layer
    lines: list[str] = field(default_factory=list)  # one for everything that is not right

    def add(self, construct: str, verdict: str, line: str) -> None:
        self.verdicts[construct][verdict] += 1
        if verdict != RIGHT:
            self.lines.append(f"{verdict} | {construct} | {line}")

    def take(self, other: Tally) -> None:
        """Count all of another one, too."""
        for construct, counts in other.verdicts.items():
            self.verdicts[construct] += counts
        self.classes += other.classes
        self.holders |= other.holders
        self.others += other.others
        self.lines += other.lines

    @property
    def total(self) -> Counter[str]:
        return sum(self.verdicts.values(), Counter())

    @property
    def layers(self) -> int:
        """Attributes that hold layers."""
        return self.total.total() - self.total["no layer"]

    @property
    def right(self) -> float:
        return self.total[RIGHT] / max(self.layers, 1)

    @property
    def wrong(self) -> float:
        """Of all that was said, what is not so."""
        said = self.total.total() - self.total[MISSED]
        return sum(self.total[verdict] for verdict in WRONG) / max(said, 1)

    def __str__(self) -> str:
        rows = [
            f"{construct:35} {counts.total():5}  {dict(counts)}"
            for construct, counts in sorted(self.verdicts.items(), key=lambda item: -item[1].total())
        ]
        head = f"{self.classes} classes, {len(self.holders)} with layers in {self.layers} attributes"
        shares = f"right {self.right:.2%}, wrong {self.wrong:.2%}; {self.others} attributes without layers"
        return "\n".join((head, shares, *rows, *sorted(self.lines)))


class Texts:
    """What the text says, file by file; names of other files are looked up below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._names = JediNames(read)
        self._facts: dict[str, ModuleFacts] = {}

    def facts(self, file: str) -> ModuleFacts:
        if file not in self._facts:
            parsed = parse(read(file) or "")
            resolver = JediResolver(file, self._root)
            self._names.look_up(resolver, parsed).result()
            self._facts[file] = facts_of(parsed, resolver)
        return self._facts[file]

    def close(self) -> None:
        self._names.close()


def read(path: str) -> str | None:
    file = Path(path)
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None


@lru_cache(maxsize=512)
def statements_of(file: str) -> list[ast.stmt]:
    return [node for node in ast.walk(ast.parse(read(file) or "")) if isinstance(node, ast.stmt)]


def compare(told: Json, root: Path, tally: Tally) -> None:
    """Judge every class whose file is below `root`."""
    texts = Texts(root)
    for key, entry in told["classes"].items():
        name = key.partition(":")[2]
        if str(entry.get("file")).startswith(str(root)) and "." not in name:
            tally.classes += 1
            facts = texts.facts(entry["file"])
            if entry.get("holder"):
                _judge_holder(key, entry, facts, told["names"], tally)
                continue
            model = facts.model_class(name)
            slots = (*model.slots, *model.inherited) if model is not None else ()
            for attribute, seen in entry["attributes"].items():
                said = [slot for slot in slots if slot.attribute == attribute]
                length = model.length(attribute) if model is not None else None
                _judge(_Case(key, entry["file"], attribute, seen, said, told["names"], length), tally)
    texts.close()


def _judge_holder(key: str, entry: Json, facts: ModuleFacts, names: dict[str, str], tally: Tally) -> None:
    """A class that is no layer: what the text says of `self.<name>` in its methods."""
    lines = (read(entry["file"]) or "").splitlines(keepends=True)
    name = key.partition(":")[2]
    found = [n for n in statements_of(entry["file"]) if isinstance(n, ast.ClassDef) and n.name == name]
    at = sum(map(len, lines[: found[-1].lineno - 1])) if found else 0
    for attribute, seen in entry["attributes"].items():
        kept = [
            LayerSlot(name, attribute, binding.span, binding.call, binding.statement)
            for binding in facts.bindings
            if binding.name == f"self.{attribute}" and binding.scope.start == at
        ]
        _judge(_Case(key, entry["file"], attribute, seen, kept, names, None), tally, "class that is no model")


@dataclass
class _Case:
    """One attribute of one class."""

    key: str
    file: str
    attribute: str
    seen: list[Json]
    said: list[LayerSlot]
    names: dict[str, str]  # what Keras calls a layer -> the name of its class
    length: int | None  # of a list, where the text fixes it

    def __str__(self) -> str:
        said = [(slot.path, slot.call.class_name if slot.call else None) for slot in self.said[:4]]
        first = self.seen[0]
        return f"{self.key}.{self.attribute} ({first['file']}:{first['line']}) said {said}"


def _judge(case: _Case, tally: Tally, construct: str = "") -> None:
    if any(word in seen["file"] for seen in case.seen for word in FRAMEWORK):
        return
    held = [seen for seen in case.seen if list(_leaves(seen["value"]))]
    if not held:
        tally.others += 1
        if _is_false(case):
            tally.add("no layer", "no layer", str(case))
        return
    if any(leaf["given"] for seen in held for _, leaf in _leaves(seen["value"])):
        return  # we chose that layer ourselves
    tally.holders.add(case.key)
    verdicts = {_verdict(case, seen["value"]) for seen in held}
    tally.add(construct or _construct(case, held[0]), min(verdicts, key=ORDER.index), str(case))


def _is_false(case: _Case) -> bool:
    """Whether a layer was said for sure where there is something else."""
    kinds = {seen["value"]["kind"] for seen in case.seen}
    types = {seen["value"].get("type") for seen in case.seen}
    if case.said and all(slot.call is None for slot in case.said) and types <= {None, "int", "float", "str"}:
        return False  # its annotation asks for a layer, and we gave a number
    sure = [slot for slot in case.said if not slot.conditional and not slot.repeated]
    return bool(sure) and "other" in kinds  # None: the method that makes the layer did not run


def _leaves(value: Json, place: str = "") -> Iterator[tuple[str, Json]]:
    """The layers in a value, each with its place."""
    if value["kind"] == "layer":
        yield place, value
    elif value["kind"] == "list":
        for number, element in enumerate(value["elements"]):
            yield from _leaves(element, f"{place}[{number}]")
    elif value["kind"] == "dict":
        for key, element in value["elements"].items():
            yield from _leaves(element, f"{place}[{key}]")


def _verdict(case: _Case, value: Json) -> str:
    for place, real in _leaves(value):
        fitting = [slot for slot in case.said if _fits(slot.path[len(case.attribute) :], place)]
        if not fitting:
            return MISSED
        if not any(slot.call and _is_same(slot.call, real["class"], case.names) for slot in fitting):
            return CLASS_UNKNOWN if any(slot.call is None for slot in fitting) else "wrong class"
    if value["kind"] == "list" and case.length not in (None, value["length"]):
        return "wrong length"
    counted = all(slot.path.count("[") == 1 and not (slot.repeated or slot.conditional) for slot in case.said)
    if value["kind"] == "list" and counted and len(case.said) != value["length"]:
        return "wrong length"
    return RIGHT


def _fits(said: str, real: str) -> bool:
    pattern, place = (text.replace("]", "").split("[")[1:] for text in (said, real))
    return len(pattern) == len(place) and all(p in ("*", q) for p, q in zip(pattern, place, strict=True))


def _is_same(call: LayerCall, real: str, names: dict[str, str]) -> bool:
    name = names.get(call.class_name, call.class_name) if call.is_builtin else call.class_name
    functional = call.callee == "keras.Model" or call.callee.startswith("keras.applications.")
    return name == real or (functional and real == "Functional")


def _construct(case: _Case, seen: Json) -> str:
    """How the text gives the attribute its layers."""
    if seen["file"] != case.file:
        return "base class of another file"
    line, name = seen["line"], case.key.partition(":")[2]
    around = [statement for statement in statements_of(case.file) if _has_line(statement, line)]
    owner = next((n for n in around if isinstance(n, ast.ClassDef) and n.name == name), None)
    method = next((n for n in around if isinstance(n, ast.FunctionDef)), None)
    if owner is None or method is None:
        return "base class of this file"
    statement = max(around, key=lambda n: n.lineno)
    return {"__init__": "", "build": "build(): "}.get(method.name, "helper: ") + _kind(
        statement, around, method
    )


def _has_line(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _kind(statement: ast.stmt, around: list[ast.stmt], method: ast.FunctionDef) -> str:
    value = getattr(statement, "value", None)
    parameters = {argument.arg for argument in (*method.args.args, *method.args.kwonlyargs)}
    if isinstance(value, ast.Name):
        return "argument" if value.id in parameters else "local name"
    if isinstance(value, (ast.List, ast.Tuple, ast.Dict)):
        return "literal container" if list(ast.iter_child_nodes(value))[:-1] else "append"
    if isinstance(value, (ast.IfExp, ast.BoolOp)) or any(isinstance(n, (ast.If, ast.Try)) for n in around):
        return "conditional"
    if isinstance(value, ast.Call):
        name = value.func.id if isinstance(value.func, ast.Name) else getattr(value.func, "attr", "")
        return "direct call" if name.lstrip("_")[:1].isupper() else "function or method"
    return {ast.ListComp: "comprehension", ast.DictComp: "comprehension"}.get(type(value), "other")
