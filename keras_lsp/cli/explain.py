"""`keras-lsp explain [RULE]`: what a rule is about, or which rules there are."""

from __future__ import annotations

import difflib

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from keras_lsp.features.rules import RULES, choice, explanation


def explain(name: str | None, *, console: Console | None = None) -> int:
    """0; 2 when no rule has that code or slug. What is no terminal gets Markdown as it is."""
    console = console or Console()
    if name is None:
        console.print(_table())
        return 0
    rule = choice.rule_named(name)
    if rule is None:
        names = [one for known in RULES for one in (known.slug, known.code)]
        near = difflib.get_close_matches(name, names, 1)
        hint = f" Did you mean {near[0]}?" if near else " `keras-lsp explain` lists them."
        Console(stderr=True).print(Text(f"There is no rule {name}.{hint}", "red"))
        return 2
    text = explanation.markdown(rule)
    if console.is_terminal:
        console.print(Markdown(text))
    else:
        console.print(Text(text.rstrip()), soft_wrap=True)
    return 0


def _table() -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("code", "name", "level", "quick fix"):
        table.add_column(title, no_wrap=title != "quick fix")
    for rule in sorted(RULES, key=lambda rule: rule.code):
        table.add_row(rule.code, rule.slug, rule.severity.value, rule.fix or "-")
    return table
