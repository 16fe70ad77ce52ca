"""Seatbelt, the sandbox of macOS, through `sandbox-exec`: a profile for a whole worker, as text.

*Untested on a real machine.* Written from what is public about the language: Apple's own profiles in
/System/Library/Sandbox/Profiles, and those of Chromium and Bazel. Rules that come later win; paths are those
that the kernel knows, without links.

A worker on macOS replays once in its own process, so one profile, from its start to its end, serves both the
interpreter's start and the replay.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Iterable, List, Tuple

from .policy import SECRETS

if TYPE_CHECKING:
    from .seen import Seen

_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/System", "/Library/Frameworks", "/Library/Developer/CommandLineTools"),
    *("/Library/Apple", "/opt/homebrew", "/opt/local", "/nix/store"),
    *("/private/etc/localtime", "/private/var/db/timezone", "/private/var/db/dyld"),
    *("/dev/null", "/dev/random", "/dev/urandom"),
)
_SERVICES = (
    "com.apple.system.opendirectoryd.libinfo",  # names of users
    "com.apple.logd",
    "com.apple.system.notification_center",
)


def command(program: str, seen: Seen, folder: str, inner: Iterable[str]) -> Tuple[str, ...]:
    return (program, "-p", profile(seen, folder), *inner)


def profile(seen: Seen, folder: str) -> str:
    """`folder` is the one that can be written."""
    programs = tuple(dict.fromkeys(map(os.path.realpath, seen.programs)))
    own = os.path.realpath(folder)
    workspace = tuple(map(os.path.realpath, seen.folders))
    readable = (*_SYSTEM, *programs)
    lines = [
        "(version 1)",
        "(deny default)",
        '(import "dyld-support.sb")' if os.path.exists(_DYLD_SUPPORT) else "",
        "(allow process-info* signal (target self))",
        "(allow sysctl-read file-read-metadata)",
        _rule("allow", "mach-lookup", [f"(global-name {_quoted(name)})" for name in _SERVICES]),
        '(allow ipc-posix-shm-read* (ipc-posix-name "apple.shm.notification_center"))',
        # Which files there are: what imports look for.
        _rule("allow", "file-read*", ['(literal "/")', *map(_subpath, workspace)]),
        *(_secrets(root) for root in workspace),
        _rule("allow", "file-read* file-map-executable", map(_subpath, readable)),
        # A framework's Python starts itself again as an application; nothing may be started beside that.
        _rule("allow", "process-exec", map(_subpath, programs)),
        "(deny process-fork)",
        "(deny network*)",
        '(allow file-write-data (literal "/dev/null"))',
        _rule("allow", "file-read* file-write* file-map-executable", [_subpath(own)]),
        # Not what makes a program more than it is.
        "(deny file-write-setugid)",
    ]
    return "\n".join(filter(None, lines)) + "\n"


_DYLD_SUPPORT = "/System/Library/Sandbox/Profiles/dyld-support.sb"


def _rule(verdict: str, operations: str, filters: Iterable[str]) -> str:
    chosen = " ".join(filters)
    return f"({verdict} {operations} {chosen})" if chosen else ""


def _subpath(path: str) -> str:
    return f"(subpath {_quoted(path)})"


def _secrets(root: str) -> str:
    """In a folder, contents of what begins with a dot or looks like a key, and all below such a folder."""
    dotted, named = _regex(root, [r"\.[^/]*"]), _regex(root, map(_translated, SECRETS))
    file = f'(require-all (regex {named[0]}) (require-not (regex #"[.][Pp][Yy][Ii]?$")))'
    folders = f"(regex {dotted[0]} {dotted[1]} {named[1]})"
    return f"(deny file-read-data file-read-xattr {folders})\n(deny file-read-data file-read-xattr {file})"


def _regex(root: str, names: Iterable[str]) -> Tuple[str, str]:
    """Of such names at any depth below a folder, and of what is below them."""
    start = _escaped(root.rstrip("/")) + "(/.*)?/(" + "|".join(names) + ")"
    return f'#"^{start}$"', f'#"^{start}/.*$"'


def _translated(pattern: str) -> str:
    """A pattern of file names, in lower case, as a regular expression for either case."""
    parts: List[str] = re.findall(r"\[[^]]*\]|.", pattern)
    return "".join("[^/]*" if part == "*" else part if len(part) > 1 else _either(part) for part in parts)


def _either(letter: str) -> str:
    return f"[{letter.upper()}{letter}]" if letter.isalpha() else _escaped(letter)


def _escaped(text: str) -> str:
    """Each character for itself; a quotation mark, which would end the expression, as any character."""
    return "".join(map(_escaped_letter, text))


def _escaped_letter(letter: str) -> str:
    if letter in '"\\':
        return "."
    return letter if letter.isalnum() or letter in "/_-" else "\\" + letter


def _quoted(text: str) -> str:
    if not text.isprintable():
        raise OSError(f"{text!r} cannot be named in a profile")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
