"""What IPython understands in a cell and Python does not, made harmless: same length, same lines.

IPython is asked only at the start of a statement, so a `%` that goes on with an expression, and whatever is
in a string, is Python: https://ipython.readthedocs.io/en/stable/config/inputtransforms.html
"""

from __future__ import annotations

import re
from functools import lru_cache

UNKNOWN = "__"  # stands for what a command gives: no program binds it, and IPython's own is an output

# Their body runs as Python in the notebook's own names, or as good as.
_PYTHON_CELLS = frozenset({"%%capture", "%%prun", "%%time", "%%timeit"})

_LINE_END = re.compile(r"\r\n|\n|\r")
_NOT_A_LINE_END = re.compile(r"[^\r\n]")
_SUSPECT = re.compile(r"""(?:\A|[\r\n])[ \t\f]*[%!?,;/]|\?[ \t]*(?:[\r\n]|\Z)|=[ \t]*[!%]|\"{3}|'{3}""")
_CELL_MAGIC = re.compile(r"\s*(%%[^\s?]+)(?![^\r\n]*\?[ \t]*(?:[\r\n]|\Z))")
# To the end of its line, and on where that ends in a backslash.
_TO_THE_END = r"(?:[^\\\r\n]|\\(?:\r\n|[\s\S])|\\\Z)*"
_ESCAPED = re.compile(rf"(?P<indent>[ \t\f]*)(?P<timed>%time[ \t]+(?=[^\s-]))?(?:[%!?,;/]{_TO_THE_END})?")
_HELP = re.compile(r"(?P<indent>[ \t\f]*)[^#\"'\s][^#\"'\r\n]*\?[ \t]*(?=[\r\n]|\Z)")
_ASSIGNED = re.compile(
    rf"(?P<target>[ \t\f]*[^\W\d][\w.,\[\]'\" \t*]*=[ \t]*)(?P<command>(?:!|%[^\W\d]){_TO_THE_END})"
)
_INDENT = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))*(?P<indent>[ \t]+)(?=[^\s#])")
_PIECE = re.compile(
    r"""\#[^\r\n]*
    | \"{3}(?:[^\\]|\\[\s\S])*?\"{3} | '{3}(?:[^\\]|\\[\s\S])*?'{3} | (?P<open_string>\"{3}|'{3})
    | "(?:[^"\\\r\n]|\\(?:\r\n|[\s\S]))*"? | '(?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*'?
    | \\(?:\r\n|\n|\r)
    | (?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<end>\r\n|\n|\r)
    | [^\#"'\\()\[\]{}\r\n]+ | \\""",
    re.VERBOSE,
)


@lru_cache(maxsize=512)  # an edit is of one cell, and the others are joined to it again
def python_of(cell: str) -> str:
    """The cell as Python, whatever is in it; line ends and length are those of `cell`."""
    if not _SUSPECT.search(cell) and not _INDENT.match(cell):
        return cell
    start = 0
    while (magic := _CELL_MAGIC.match(cell, start)) is not None:
        if magic[1] not in _PYTHON_CELLS:
            return _blank(cell)
        end = _LINE_END.search(cell, magic.end())
        start = end.end() if end else len(cell)
        cell = _blank(cell[:start]) + cell[start:]
    return cell[:start] + _statements(_outdented(cell[start:]))


def _statements(text: str) -> str:
    pieces = []
    at = 0
    while at < len(text):
        written, end = _command(text, at)
        if end == at:
            written, end = _statement(text, at)
        pieces.append(written)
        at = end
    return "".join(pieces)


def _command(text: str, at: int) -> tuple[str, int]:
    """What stands for the command that begins here, and where that ends: `at` where none begins."""
    escaped = _ESCAPED.match(text, at)
    if escaped and escaped["timed"]:
        # The statement runs as if it stood alone, so it is kept: behind one that does nothing.
        return f"{escaped['indent']}0;{' ' * (len(escaped['timed']) - 2)}", escaped.end("timed")
    if escaped and escaped.end() > escaped.end("indent"):
        return _nothing(escaped.group(), len(escaped["indent"])), escaped.end()
    assigned = _ASSIGNED.match(text, at)
    if assigned:
        command = assigned["command"]
        return assigned["target"] + UNKNOWN[: len(command)] + _blank(command[2:]), assigned.end()
    asked = _HELP.match(text, at)
    if asked:
        return _nothing(asked.group(), len(asked["indent"])), asked.end()
    return "", at


def _statement(text: str, start: int) -> tuple[str, int]:
    """The statement that begins here with its line end, and where that is.

    A string that is open at the end of a cell must not take in the cells below, so it is made an empty one.
    """
    depth, at = 0, start
    while at < len(text) and (piece := _PIECE.match(text, at)) is not None:
        if piece["open_string"]:
            quotes = piece["open_string"][:2]
            return text[start:at] + quotes + _blank(text[at + len(quotes) :]), len(text)
        at = piece.end()
        depth = max(0, depth + bool(piece["open"]) - bool(piece["close"]))
        if piece["end"] and not depth:
            break
    return text[start:at], at


def _nothing(command: str, indent: int) -> str:
    """A statement that does nothing where a block may need one, else blanks."""
    if not indent:
        return _blank(command)
    room = _NOT_A_LINE_END.findall(command[indent : _line_length(command)])
    word = "pass" if len(room) >= len("pass") else "0"
    return command[:indent] + word + _blank(command[indent + len(word) :])


def _line_length(text: str) -> int:
    end = _LINE_END.search(text)
    return end.start() if end else len(text)


def _outdented(text: str) -> str:
    """A cell may be indented as a whole. A form feed among the blanks makes Python count from there."""
    found = _INDENT.match(text)
    if found is None:
        return text
    indent = found["indent"]
    margin = re.compile(rf"(?:(?<=[\r\n])|\A){re.escape(indent)}")
    return margin.sub(" " * (len(indent) - 1) + "\f", text)


def _blank(text: str) -> str:
    return _NOT_A_LINE_END.sub(" ", text)
