"""The text of a rule: the same in an editor, in a terminal and in the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_lsp.features.rules.rule import Rule


def markdown(rule: Rule) -> str:
    parts = [f"# {rule.code} {rule.slug}", rule.why, _level(rule)]
    parts += ["Raises or misleads:", f"```python\n{rule.bad.strip()}\n```"]
    parts += ["Works:", f"```python\n{rule.good.strip()}\n```"]
    parts.append(f"Quick fix: {rule.fix}" if rule.fix else f"No quick fix: {rule.no_fix}")
    parts.append(f"To silence it on one line: `# keras-lsp: ignore[{rule.slug}]`")
    return "\n\n".join(parts) + "\n"


def _level(rule: Rule) -> str:
    kerases = {2: "tf-keras 2", 3: "Keras 3"}
    lines = " and ".join(kerases[line] for line in sorted(rule.keras_lines, reverse=True))
    return f"{rule.severity.value.capitalize()}, under {lines}."
