"""Text to facts: what one module says about models."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.source.build_flow import BuildFlow
from keras_lsp.source.calls import Calls
from keras_lsp.source.classes import ClassReader
from keras_lsp.source.facts import ModuleFacts
from keras_lsp.source.fingerprint import fingerprint
from keras_lsp.source.found import Found, in_order
from keras_lsp.source.module_index import index_module
from keras_lsp.source.module_walk import ModuleWalker
from keras_lsp.source.moved import EVERYWHERE
from keras_lsp.source.parse import ParsedModule, parse
from keras_lsp.source.positions import Positions
from keras_lsp.source.pragmas import read_pragmas
from keras_lsp.source.resolve import NameResolver, SameFileResolver
from keras_lsp.source.undisturbed import undisturbed
from keras_lsp.source.variables import Scope
from keras_lsp.source.walk import Walk

if TYPE_CHECKING:
    import ast

    from keras_lsp.source.module_index import ModuleIndex

_MAY_CONCERN_US = re.compile(r"keras|tensorflow")


def may_concern_us(text: str) -> bool:
    """Whether the text may speak of Keras in its own words."""
    return _MAY_CONCERN_US.search(text) is not None


def extract(text: str, resolver: NameResolver | None = None) -> ModuleFacts:
    """Everything the text says. Never raises; without Keras in the text (and no resolver) it is little."""
    return facts_of(parse(text), resolver)


@undisturbed()
def facts_of(parsed: ParsedModule, resolver: NameResolver | None = None) -> ModuleFacts:
    """The facts of a module that was parsed before."""
    if resolver is None and not may_concern_us(parsed.text):
        return ModuleFacts(problems=parsed.problems, fingerprint=fingerprint(parsed.text))
    index = index_module(parsed.tree)
    found, knows_others = read(parsed.tree, Positions(parsed.text), index, resolver)
    keras = index.imports.facts(parsed.text)
    return ModuleFacts(
        keras=replace(keras, used=keras.used or bool(found.classes) or knows_others),
        classes=found.classes,
        bindings=found.bindings,
        events=found.events,
        paths=found.paths,
        weight_uses=found.weight_uses,
        references=found.references,
        holders=found.holders,
        problems=parsed.problems,
        pragmas=read_pragmas(parsed.text, parsed.tree),
        fingerprint=fingerprint(parsed.text),
    )


def read(
    tree: ast.Module, positions: Positions, index: ModuleIndex, resolver: NameResolver | None
) -> tuple[Found, bool]:
    """What the statements of `tree` say, and whether any class of another module had a part in it.

    Both may be without statements of the text: `index` without those that nothing in it depends on, `tree`
    also without definitions that only others depend on.
    """
    calls = Calls(positions, index, resolver or SameFileResolver())
    reader = ClassReader(positions, calls, index)
    classes = reader.read()
    walk = Walk(positions, calls, classes, reader.holders(), index, index.callables(), Scope(EVERYWHERE))
    ModuleWalker(walk).run(tree)
    flow = BuildFlow(walk.reach.of)
    for program in walk.notes.programs:
        flow.run(program)
    notes = walk.notes.facts()
    found = Found(
        classes=in_order(info.facts for info in classes.values()),
        bindings=in_order(notes.bindings),
        events=in_order(notes.events),
        paths=in_order(notes.paths),
        weight_uses=in_order(notes.weight_uses),
        references=notes.references,
        holders=in_order((*walk.notes.holders, *walk.containers.bindings())),
    )
    return found, calls.knows_others
