"""What the operating system forbids a process from now on: the part of the sandbox that attackers meet.

Laid on in the child of a replay before any of the user's code runs, from the inside, without privileges or
helper programs. Each part is looked for first (`offered`) and then either in force or an error: nothing runs
under less than what was said.
"""

from __future__ import annotations

from .enforce import LANDLOCK, LIMITS, PARTS, SECCOMP, Allowed, enforce, offered

__all__ = ["LANDLOCK", "LIMITS", "PARTS", "SECCOMP", "Allowed", "enforce", "offered"]
