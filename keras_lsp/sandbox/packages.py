"""Which Keras an interpreter has, read from package metadata on disk. Nothing is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.sandbox.machine import Machine

# Distributions that bring the same module, by the field of `Packages` they fill.
_DISTRIBUTIONS = {
    "keras": "keras",
    "keras-nightly": "keras",
    "tensorflow": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-cpu-aws": "tensorflow",
    "tensorflow-intel": "tensorflow",
    "tensorflow-macos": "tensorflow",
    "tensorflow-rocm": "tensorflow",
    "tf-nightly": "tensorflow",
    "tf-nightly-cpu": "tensorflow",
    "tf-keras": "tf_keras",
    "tf-keras-nightly": "tf_keras",
}
_METADATA = re.compile(r"(?P<name>[A-Za-z0-9][\w.]*?)-(?P<version>\d[^-]*)(-.*)?\.(dist|egg)-info")
_VERSIONED = re.compile(r"python(3\.\d+)")


@dataclass(frozen=True, slots=True)
class Packages:
    """Versions as installed; None where not found. `known` is False when there was nowhere to look."""

    keras: str | None = None
    tensorflow: str | None = None
    tf_keras: str | None = None
    known: bool = True

    @property
    def any_keras(self) -> bool:
        return bool(self.keras or self.tensorflow or self.tf_keras)


def read_packages(interpreter: Path, machine: Machine) -> Packages:
    folders = list(site_folders(interpreter, machine))
    if not folders:
        return Packages(known=False)
    found: dict[str, str] = {}
    for folder in folders:  # as on sys.path: the first one wins
        for name, version in _distributions(folder):
            found.setdefault(name, version)
    return Packages(found.get("keras"), found.get("tensorflow"), found.get("tf_keras"))


def _distributions(folder: Path) -> Iterator[tuple[str, str]]:
    try:
        entries = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return
    for entry in entries:
        match = _METADATA.fullmatch(entry)
        if match is None:
            continue
        field = _DISTRIBUTIONS.get(re.sub(r"[-_.]+", "-", match["name"]).lower())
        if field is not None:
            yield field, match["version"]


def site_folders(interpreter: Path, machine: Machine) -> Iterator[Path]:
    """Existing folders with third-party packages, in the order of sys.path."""
    prefix = interpreter.parent.parent
    config = _venv_config(interpreter)
    if config is None:
        yield from _base_folders(interpreter, machine)
        return
    if (interpreter.parent / "pyvenv.cfg").is_file():
        prefix = interpreter.parent
    yield from _library_folders(prefix, None)
    if config.get("include-system-site-packages", "").lower() == "true" and config.get("home"):
        base = Path(config["home"])
        version = ".".join(config.get("version", config.get("version_info", "")).split(".")[:2])
        names = (f"python{version}", "python3", "python", "python.exe")
        python = next((base / name for name in names if (base / name).is_file()), base / names[0])
        yield from _base_folders(python, machine)


def _venv_config(interpreter: Path) -> dict[str, str] | None:
    """The lines of pyvenv.cfg beside or above the interpreter, as Python itself looks for it."""
    for folder in (interpreter.parent, interpreter.parent.parent):
        try:
            text = (folder / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        pairs = (line.partition("=") for line in text.splitlines())
        return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}
    return None


def _base_folders(interpreter: Path, machine: Machine) -> Iterator[Path]:
    """Of an interpreter that is no virtual environment: user site, then the installation's own."""
    real = interpreter.resolve()
    match = _VERSIONED.match(real.name)
    version = match[1] if match else None
    prefixes = dict.fromkeys((interpreter.parent.parent, real.parent.parent))
    if machine.windows:
        prefixes = dict.fromkeys((interpreter.parent, real.parent))
    if version is not None:
        user = user_base(machine) / "lib" / f"python{version}" / "site-packages"
        if user.is_dir():
            yield user
    for prefix in prefixes:
        if version is not None:
            debian = prefix / "local" / "lib" / f"python{version}" / "dist-packages"
            if debian.is_dir():
                yield debian
        yield from _library_folders(prefix, version)


def user_base(machine: Machine) -> Path:
    """Where `pip install --user` puts packages."""
    given = machine.environ.get("PYTHONUSERBASE")
    return Path(given) if given else machine.home / ".local"


def _library_folders(prefix: Path, version: str | None) -> Iterator[Path]:
    """Package folders below a prefix; without a version only where there is one Python and no doubt."""
    windows = prefix / "Lib" / "site-packages"
    if windows.is_dir():
        yield windows
        return
    libraries = sorted(prefix.glob("lib*/python3.*"))
    names = {library.name for library in libraries}
    if version is None and len(names) == 1:
        version = names.pop().removeprefix("python")
    for library in libraries:
        if version is not None and library.name.rstrip("t") == f"python{version.rstrip('t')}":
            for name in ("site-packages", "dist-packages"):
                if (library / name).is_dir():
                    yield library / name
    debian = prefix / "lib" / "python3" / "dist-packages"
    if debian.is_dir():
        yield debian
