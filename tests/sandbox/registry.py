"""What an attempt is, who keeps it from succeeding, and the one way to run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tests.sandbox import guard

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

Function = Callable[["Scene"], str]

# What is laid on at each level.
LEVELS: dict[str, tuple[str, ...]] = {
    "full": ("limits", "landlock", "seccomp"),
    "no-landlock": ("limits", "seccomp"),
    "no-seccomp": ("limits", "landlock"),
}
# With bubblewrap around the worker: alone, where a kernel lacks Landlock, and where the user asks for it.
AROUND = "bubblewrap"
WRAPPED = {
    AROUND: ("limits", AROUND),
    "bubblewrap-no-landlock": ("limits", "seccomp", AROUND),
    "bubblewrap-always": ("limits", "landlock", "seccomp", AROUND),
}
LEVELS |= WRAPPED
# All of it with no more than an older Landlock knows, each version that changed what it holds.
OLD_LANDLOCKS = {f"landlock-{version}": version for version in range(1, 6)}
LEVELS |= dict.fromkeys(OLD_LANDLOCKS, LEVELS["full"])


def landlock_at(level: str, here: int) -> int:
    """The version in use at a level on a machine that has version `here`."""
    return min(here, OLD_LANDLOCKS.get(level, here))


BLOCKED, ALLOWED, ENDED = "blocked", "allowed", "ended"
ATTEMPTS: dict[str, Attempt] = {}


class Refused(Exception):  # noqa: N818  # an outcome, no error
    """A call pretended to work and did nothing."""


class Absent(Exception):  # noqa: N818  # an outcome, no error
    """This machine has not what the attempt is about."""


class Attempt(NamedTuple):
    """One thing that a program tries.

    Run with `perform` only. `held_by` names the parts any of which suffices, `landlock4` meaning Landlock
    since its version 4; without any of them it is not run at all.
    """

    name: str
    group: str
    kind: str
    function: Function  # for `perform` alone
    held_by: tuple[str, ...] = ()
    wall: float = 8.0  # seconds until it is killed
    cpu: int = 4
    needs: tuple[str, ...] = ()  # of the machine: "x86_64", "numpy", "zoneinfo", "terminal"
    seen_outside: bool = False  # its own word says nothing: what became of the victim and the files does
    hangs: bool = False  # only the wall limit ends it
    may_crash: bool = False  # a library that gets no memory may end the process in any way

    @property
    def is_about_landlock(self) -> bool:
        return any(part.startswith("landlock") for part in self.held_by) or self.kind == ALLOWED

    @property
    def is_about_bubblewrap(self) -> bool:
        return AROUND in self.held_by or self.kind == ALLOWED

    @property
    def key(self) -> str:
        return f"{self.group}.{self.name}"

    def expected(self, level: str, landlock: int) -> str | None:
        """What has to come of it at a level; None where nothing holds it, so that it must not be tried."""
        parts, version = LEVELS[level], landlock_at(level, landlock)
        held = any(_in_force(part, parts, version) for part in self.held_by)
        if self.kind == BLOCKED:
            return BLOCKED if held else None
        if self.kind == ALLOWED and self.held_by:
            read_only = "seccomp" in parts or "landlock" in parts
            return BLOCKED if read_only and not held else ALLOWED
        return self.kind

    def perform(self, scene: Scene, level: str) -> str:
        """Try it. Nothing is tried by a process that is not confined."""
        guard.confirm(LEVELS[level], scene)
        return self.function(scene)


def _in_force(part: str, parts: tuple[str, ...], landlock: int) -> bool:
    if part.startswith("landlock"):
        return "landlock" in parts and landlock >= int(part[len("landlock") :] or 1)
    return part in parts


def blocked(*held_by: str, **options: object) -> Callable[[Function], Attempt]:
    """An escape, which any of these parts prevents."""
    return _registered(BLOCKED, held_by, options)


def allowed(*only_with: str, **options: object) -> Callable[[Function], Attempt]:
    """A legitimate use; without all of these parts it is refused, too."""
    return _registered(ALLOWED, only_with, options)


def ended(**options: object) -> Callable[[Function], Attempt]:
    """Something that no answer comes from."""
    return _registered(ENDED, (), options)


def _registered(
    kind: str, held_by: tuple[str, ...], options: dict[str, object]
) -> Callable[[Function], Attempt]:
    def register(function: Function) -> Attempt:
        name = function.__name__.strip("_")
        group = function.__module__.rpartition(".")[2]
        made = Attempt(name, group, kind, function, held_by, **options)  # type: ignore[arg-type]  # fields
        assert made.key not in ATTEMPTS, made.key
        ATTEMPTS[made.key] = made
        return made

    return register
