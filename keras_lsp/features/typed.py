"""Reading a line while it is being typed: what stands before the cursor, parse or no parse.

A forward pass over the text finds strings and comments (unterminated ones end with their line, or with
the text when triple-quoted); from the cursor the expression is then read backwards, token by token.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from dataclasses import dataclass
from enum import Enum

from keras_lsp.text.span import Span

_STRING_OR_COMMENT = re.compile(
    r"""\#[^\r\n]*
    | (?P<prefix>\b[rRbBuUfFtT]{1,2})? (?P<quote>\"{3}|'{3}|\"|')
      (?P<body> (?<=\"{3})(?:\\.|(?!\"{3}).)* | (?<='{3})(?:\\.|(?!'{3}).)*
              | (?<=\")(?:\\[^\r\n]|[^\"\\\r\n])* | (?<=')(?:\\[^\r\n]|[^'\\\r\n])* )
      (?P<end>(?P=quote))?""",
    re.VERBOSE | re.DOTALL,
)
_NAME_BEFORE = re.compile(r"[^\W\d]\w*\Z")
_WORD_BEFORE = re.compile(r"\w*\Z")
_WORD_AFTER = re.compile(r"\w*")
_INDEX_BEFORE = re.compile(r"\[\s*(-?\d*)\Z")
_GET_LAYER = re.compile(r"\.\s*get_layer\s*\(\s*(?:name\s*=\s*)?\Z")
_BRACKET = re.compile(r"\[\s*\Z")
_LAYERS = re.compile(r"\.\s*layers\s*\Z")
_WEIGHTS = re.compile(
    r"\.\s*(weights|variables|(?:non_)?trainable_(?:weights|variables)|get_weights\s*\(\s*\))\s*\Z"
)
# `super().` of `super().build`, or what was written for it: `super(Net, self).build`.
OF_BASE = r"(?<![\w.])super[ \t]*\([ \t]*(?:\w+[ \t]*,[ \t]*\w+[ \t]*)?\)[ \t]*\.[ \t]*"
_TAIL = 2000  # characters before the cursor in which an expression may start


def without_blanks(dotted: str) -> str:
    """A dotted name as written but for blanks, and for what `super` is given: `super().build`."""
    return "".join(re.sub(OF_BASE, "super().", dotted).split())


class Typing(str, Enum):
    """What kind of thing is being typed."""

    ATTRIBUTE = "attribute"  # `model.de|`
    LAYER_INDEX = "layer index"  # `model.layers[|`
    ELEMENT_INDEX = "element index"  # `self.blocks[|`
    ELEMENT_KEY = "element key"  # `self.heads["|`
    WEIGHT_INDEX = "weight index"  # `….weights[|`
    LAYER_NAME = "layer name"  # `model.get_layer("de|`


class LinkKind(str, Enum):
    ATTRIBUTE = "attribute"
    INDEX = "index"
    GET_LAYER = "get_layer"


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a typed expression: `.dense`, `[0]`, `.get_layer("x")`."""

    kind: LinkKind
    value: str | int


@dataclass(frozen=True, slots=True)
class Typed:
    """An unfinished expression: what it starts from, the steps so far, and the word to replace."""

    typing: Typing
    root: str
    links: tuple[Link, ...]
    replace: Span
    before: str = ""  # text to put before and behind what is inserted: quotes that are still missing
    after: str = ""
    attribute: str = ""  # for WEIGHT_INDEX: weights, trainable_variables, ...


@dataclass(frozen=True, slots=True)
class Inside:
    """The string or comment that holds a cursor."""

    start: int  # of the token
    body: Span
    quote: str  # "" for a comment
    closed: bool
    formatted: bool


def typed_at(text: str, offset: int) -> Typed | None:
    """What is being typed at `offset`; None in comments, in plain strings and where no path ends."""
    inside = inside_at(text, offset)
    if inside is None:
        return _in_code(text, offset, 0)
    if not inside.quote:
        return None
    name = _in_string(text, offset, inside)
    if name is None and inside.formatted:
        opening = text.rfind("{", inside.body.start, offset)
        if opening >= 0 and "}" not in text[opening:offset]:
            return _in_code(text, offset, opening + 1)
    return name


@functools.lru_cache(maxsize=8)  # an editor asks about the same few texts again and again
def _tokens(text: str) -> tuple[re.Match[str], ...]:
    """Its strings and comments."""
    return tuple(_STRING_OR_COMMENT.finditer(text))


@functools.lru_cache(maxsize=8)
def code_mask(text: str) -> str:
    """The text with the insides of strings and comments blanked: same length, same lines."""
    return _STRING_OR_COMMENT.sub(lambda match: re.sub(r"[^\r\n]", " ", match[0]), text)


def inside_at(text: str, offset: int) -> Inside | None:
    """The string or comment that holds `offset`; None in code."""
    tokens = _tokens(text)
    index = bisect_left(tokens, offset, key=re.Match.start) - 1  # the last that begins before it
    if index < 0:
        return None
    match = tokens[index]
    quote = match["quote"] or ""
    closed = bool(quote) and match["end"] is not None
    if match.end() < offset or (match.end() == offset and closed):
        return None
    body = Span(*match.span("body")) if quote else Span(*match.span())
    if offset < body.start:
        return None
    formatted = bool(set(match["prefix"] or "") & set("fFtT"))
    return Inside(match.start(), body, quote, closed, formatted)


def _in_string(text: str, offset: int, inside: Inside) -> Typed | None:
    head = text[max(0, inside.start - _TAIL) : inside.start]
    call, bracket = _GET_LAYER.search(head), _BRACKET.search(head)
    before = call or bracket
    if before is None or inside.formatted or len(inside.quote) != 1:
        return None
    chain = _chain(head[: before.start()])
    if chain is None or (call is None and not _names_container(chain)):
        return None
    typing = Typing.LAYER_NAME if call is not None else Typing.ELEMENT_KEY
    rest = text[offset : inside.body.end]
    # A quote further on may belong to another string: what lies between must look like a name.
    if inside.closed and not re.search(r"[()\[\],]", rest):
        return Typed(typing, *chain, replace=inside.body)
    word = _word_after(text, offset)
    return Typed(typing, *chain, replace=Span(inside.body.start, word), after=inside.quote)


def _in_code(text: str, offset: int, floor: int) -> Typed | None:
    head = text[max(floor, offset - _TAIL) : offset]
    index = _INDEX_BEFORE.search(head)
    if index is not None:
        return _index(text, offset, head[: index.start()], index[1])
    call = _GET_LAYER.search(head)
    if call is not None:
        chain = _chain(head[: call.start()])
        here = Span(offset, offset)
        return Typed(Typing.LAYER_NAME, *chain, replace=here, before='"', after='"') if chain else None
    word = _WORD_BEFORE.search(head)
    partial = word[0] if word else ""
    before = head[: len(head) - len(partial)].rstrip(" \t")
    if not before.endswith(".") or partial[:1].isdigit():
        return None
    chain = _chain(before[:-1])
    if chain is None:
        return None
    return Typed(Typing.ATTRIBUTE, *chain, replace=Span(offset - len(partial), _word_after(text, offset)))


def _index(text: str, offset: int, head: str, partial: str) -> Typed | None:
    digits = re.compile(r"-?\d*" if not partial else r"\d*").match(text, offset)
    replace = Span(offset - len(partial), digits.end() if digits else offset)
    layers = _LAYERS.search(head)
    if layers is not None:
        chain = _chain(head[: layers.start()])
        return Typed(Typing.LAYER_INDEX, *chain, replace=replace) if chain else None
    weights = _WEIGHTS.search(head)
    if weights is None:
        chain = _chain(head)
        if chain is None or not _names_container(chain):
            return None
        return Typed(Typing.ELEMENT_INDEX, *chain, replace=replace)
    chain = _chain(head[: weights.start()])
    name = weights[1].split("(")[0].strip()
    return Typed(Typing.WEIGHT_INDEX, *chain, replace=replace, attribute=name) if chain else None


def _names_container(chain: tuple[str, tuple[Link, ...]]) -> bool:
    """Whether an expression ends with a name, which may hold layers by index or key."""
    return not chain[1] or chain[1][-1].kind is LinkKind.ATTRIBUTE


def _word_after(text: str, offset: int) -> int:
    word = _WORD_AFTER.match(text, offset)
    return word.end() if word else offset


def _chain(head: str) -> tuple[str, tuple[Link, ...]] | None:
    """Read `model.layers[0].get_layer("x")` backwards from the end of `head`: root and links."""
    links: list[Link] = []
    while True:
        head = head.rstrip(" \t")
        if head.endswith("]"):
            step = re.search(r"""\[\s*(-?\d+|'[^'\\]*'|"[^"\\]*")\s*\]\Z""", head)
            if step is None:
                return None
            value = step[1]
            links.append(Link(LinkKind.INDEX, value[1:-1] if value[0] in "'\"" else int(value)))
            head = head[: step.start()]
            continue
        if head.endswith(")"):
            step = re.search(r"""\.\s*get_layer\s*\(\s*(?:name\s*=\s*)?('[^'\\]*'|"[^"\\]*")\s*\)\Z""", head)
            if step is None:
                return None
            links.append(Link(LinkKind.GET_LAYER, step[1][1:-1]))
            head = head[: step.start()]
            continue
        name = _NAME_BEFORE.search(head)
        if name is None:
            return None
        head = head[: name.start()].rstrip(" \t")
        if not head.endswith("."):
            return name[0], tuple(reversed(links))
        links.append(Link(LinkKind.ATTRIBUTE, name[0]))
        head = head[:-1]
