"""Which rules speak in a document, and how loudly: the names in settings and comments, made out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features.results import Severity
from keras_lsp.features.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.results import Finding
    from keras_lsp.features.rules.rule import Rule
    from keras_lsp.session.snapshot import Snapshot

_ALL = "ALL"
_OFF = "off"
_NOT_NAMED = -1


def chosen(snapshot: Snapshot, key: str, finding: Finding) -> Finding | None:
    """The finding as loud as the user wants it; None where they do not want to hear of it."""
    settings = snapshot.rules_of(key)
    named = (finding.code, finding.slug)
    selected = _exactness(named, (_ALL,) if settings.select is None else settings.select)
    if selected == _NOT_NAMED or _exactness(named, settings.ignore) >= selected:
        return None
    levels = {_exactness(named, (name,)): level for name, level in settings.severity.items()}
    exactness = max(levels, default=_NOT_NAMED)
    if exactness == _NOT_NAMED:
        return finding
    level = levels[exactness]
    return None if level == _OFF else replace(finding, severity=Severity(level))


def speaks_of(name: str, finding: Finding) -> bool:
    """Whether a name in a comment is one of the finding's rule."""
    return _exactness((finding.code, finding.slug), (name,)) != _NOT_NAMED


def unknown_names(names: Iterable[str]) -> Iterator[str]:
    """Those that no rule is called by."""
    for name in names:
        if all(_exactness((rule.code, rule.slug), (name,)) == _NOT_NAMED for rule in RULES):
            yield name


def problems(snapshot: Snapshot) -> tuple[str, ...]:
    """What of the rules' settings has no effect, said once for all documents."""
    found = dict.fromkeys(snapshot.problems)
    for settings in (snapshot.settings.rules, *snapshot.rules.values()):
        per_file = (name for names in settings.per_file_ignores.values() for name in names)
        for name in unknown_names(
            (*(settings.select or ()), *settings.ignore, *settings.severity, *per_file)
        ):
            found[f"there is no rule {name!r}; `keras-lsp explain` lists them"] = None
    return tuple(found)


def rule_named(name: str) -> Rule | None:
    """By code or slug, however it is written."""
    wanted = name.casefold()
    return next((rule for rule in RULES if wanted in (rule.code.casefold(), rule.slug)), None)


def _exactness(named: tuple[str, str], names: Iterable[str]) -> int:
    """How exactly the best of the names means the rule with this code and slug."""
    code, slug = named
    best = _NOT_NAMED
    for name in names:
        if name == slug:
            best = len(code)
        elif name == _ALL:
            best = max(best, 0)
        elif name and code.startswith(name):
            best = max(best, len(name))
    return best
