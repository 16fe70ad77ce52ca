"""Puts the server and what it needs into `bundled/`, for the extension to carry: `python scripts/bundle.py`.

The packages are those of `server-requirements.txt`, with these hashes, as wheels that run on every
system and every Python from 3.10 on. `--lock` writes that file anew, from what `pyproject.toml` asks for.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXTENSION = Path(__file__).resolve().parent.parent
PROJECT = EXTENSION.parent.parent
LOCK = EXTENSION / "server-requirements.txt"
BUNDLED = EXTENSION / "bundled"
STAMP = EXTENSION / "dist" / "bundled.recipe"
HEADER = "# Written by scripts/bundle.py --lock. Pure Python, for Python 3.10 and newer.\n"
ANYWHERE = ["--only-binary", ":all:", "--python-version", "3.10", "--implementation", "py"]
ANYWHERE += ["--abi", "none", "--platform", "any"]
# Descriptions of packages that have nothing to do with models: five thousand files.
SPARED = ["django-stubs", "typeshed/stubs/*"]
KEPT = "tensorflow"
# Of all that pygments can colour, the server prints Python.
LEXERS = ("__init__", "_mapping", "python")
# What packages ask for under Python 3.10 only: pip judges such conditions by the Python that runs it.
OLDER_PYTHON = ["exceptiongroup"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", action="store_true", help="resolve anew, then write the lock")
    if parser.parse_args().lock:
        LOCK.write_text(HEADER + "".join(f"{line}\n" for line in resolve()), encoding="utf-8")
    else:
        bundle()
    return 0


def resolve() -> list[str]:
    """`name==version --hash=…` of everything the server may need."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        pip(
            "install", "--dry-run", "--ignore-installed", "--report", str(report), "--target", scratch,
            *ANYWHERE, *dependencies(), *OLDER_PYTHON,
        )  # fmt: skip
        installs = json.loads(report.read_text(encoding="utf-8"))["install"]
    lines = []
    for item in installs:
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{name}=={item['metadata']['version']} --hash=sha256:{digest}")
    return sorted(lines)


def dependencies() -> list[str]:
    """What pyproject.toml lists, without conditions: the bundle must do for every Python."""
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^dependencies = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    return [requirement.split(";")[0].strip() for requirement in re.findall(r'"([^"]+)"', listed)]


def bundle() -> None:
    recipe = LOCK.read_text(encoding="utf-8") + Path(__file__).read_text(encoding="utf-8")
    if not BUNDLED.exists() or not STAMP.exists() or STAMP.read_text(encoding="utf-8") != recipe:
        install_packages()
        STAMP.parent.mkdir(exist_ok=True)
        STAMP.write_text(recipe, encoding="utf-8")
    shutil.rmtree(BUNDLED / "keras_lsp", ignore_errors=True)
    shutil.copytree(
        PROJECT / "keras_lsp", BUNDLED / "keras_lsp", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    shutil.copy(PROJECT / "LICENSE", EXTENSION / "LICENSE")


def install_packages() -> None:
    shutil.rmtree(BUNDLED, ignore_errors=True)
    pip("install", "--no-deps", "--no-compile", "--require-hashes", "--target", str(BUNDLED), *ANYWHERE,
        "--requirement", str(LOCK))  # fmt: skip
    shutil.rmtree(BUNDLED / "bin", ignore_errors=True)  # commands, with the path of this machine in them
    for pattern in SPARED:
        for folder in (BUNDLED / "jedi" / "third_party").glob(pattern):
            if folder.name != KEPT:
                shutil.rmtree(folder)
    for lexer in (BUNDLED / "pygments" / "lexers").glob("*.py"):
        if lexer.stem not in LEXERS:
            lexer.unlink()


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)  # noqa: S603  # pip, with what this script and its lock say


if __name__ == "__main__":
    sys.exit(main())
