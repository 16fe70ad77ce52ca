"""What a check found, as machines read it: JSON, SARIF, and the annotations of GitHub Actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import keras_lsp
from keras_lsp.features.rules import RULES, explanation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keras_lsp.cli.checked import Checked, Place, Told
    from keras_lsp.features.rules.rule import Rule

JSON_VERSION = 1
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVELS = {"error": "error", "warning": "warning", "information": "note", "hint": "note"}
_GITHUB_LEVELS = {"error": "error", "warning": "warning", "information": "notice", "hint": "notice"}


def as_json(files: Sequence[Checked]) -> str:
    """`{version, files: [{path, findings: [...], has_models, keras, reason}]}`, paths as they are shown."""
    data = {"version": JSON_VERSION, "files": [checked.data() for checked in files]}
    return json.dumps(data, indent=2, ensure_ascii=False)


def as_sarif(files: Sequence[Checked]) -> str:
    """SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/"""
    driver = {
        "name": "keras-lsp",
        "version": keras_lsp.__version__,
        "rules": [_sarif_rule(rule) for rule in _in_order()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(checked, told) for checked in files for told in checked.findings],
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def as_github(files: Sequence[Checked]) -> str:
    """One workflow command a line: https://docs.github.com/actions/reference/workflow-commands"""
    return "\n".join(_annotation(checked, told) for checked in files for told in checked.findings)


FORMATS: dict[str, Callable[[Sequence[Checked]], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}


def _in_order() -> list[Rule]:
    return sorted(RULES, key=lambda rule: rule.code)


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.slug,
        "shortDescription": {"text": rule.slug.replace("-", " ")},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.why, "markdown": explanation.markdown(rule)},
        "defaultConfiguration": {"level": _SARIF_LEVELS[rule.severity.value]},
    }


def _sarif_result(checked: Checked, told: Told) -> dict[str, Any]:
    result = {
        "ruleId": told.code,
        "level": _SARIF_LEVELS[told.severity],
        "message": {"text": told.message},
        "locations": [_sarif_location(checked, told.place)],
    }
    if told.related:
        result["relatedLocations"] = [
            {**_sarif_location(checked, place), "message": {"text": message}}
            for place, message in told.related
        ]
    return result


def _sarif_location(checked: Checked, place: Place) -> dict[str, Any]:
    artifact = {"uri": quote(checked.path.replace("\\", "/"))}
    if place.cell is not None:  # regions are those of the file, whose lines nobody sees
        named = {"name": f"cell {place.cell}, line {place.line}", "kind": "cell"}
        return {"physicalLocation": {"artifactLocation": artifact}, "logicalLocations": [named]}
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _annotation(checked: Checked, told: Told) -> str:
    place = told.place
    properties = {
        "file": checked.path,
        "line": place.line,
        "endLine": place.end_line,
        "col": place.column,
        "endColumn": place.end_column,
        "title": f"{told.code} {told.slug}",
    }
    if place.line != place.end_line:  # GitHub takes columns only where both are on one line
        del properties["col"], properties["endColumn"]
    message = told.message
    if place.cell is not None:  # it counts the lines of the file
        properties = {name: properties[name] for name in ("file", "title")}
        message = f"Cell {place.cell}, line {place.line}: {message}"
    said = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    return f"::{_GITHUB_LEVELS[told.severity]} {said}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
