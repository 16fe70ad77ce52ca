"""What a rule is: a kind of mistake, why it is one, and how it is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Related, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.text.span import Span


@dataclass(frozen=True, slots=True)
class Rule:
    """`check` answers the occurrences in one document; it never guesses and never raises."""

    code: str
    slug: str
    severity: Severity
    keras_lines: tuple[int, ...]  # the Keras lines it holds for: 2, 3
    why: str
    bad: str
    good: str
    fix: str  # what the quick fix does, "" when there is none
    check: Callable[[DocumentView], Iterable[Finding]]
    no_fix: str = ""  # why there is no quick fix, where there is none
    unnecessary: bool = False  # what is found does nothing: editors may fade it

    def finding(
        self,
        span: Span,
        message: str,
        related: Iterable[Related] = (),
        fixes: Iterable[Fix] = (),
        severity: Severity | None = None,
    ) -> Finding:
        return Finding(
            self.code,
            self.slug,
            severity or self.severity,
            span,
            message,
            tuple(related),
            tuple(fixes),
            self.unnecessary,
        )
