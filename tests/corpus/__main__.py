"""`python -m tests.corpus PATH_OR_PACKAGE…`: Python files and notebooks, folders, installed packages.

Writes `report.md` and `report.json` into `--out` (default `.corpus`) and the first to the terminal. Ends with
1 when something of ours raised, or text and replay disagree.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import sys
import traceback
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from keras_lsp.cli.examine import Examiner
from keras_lsp.cli.notebook_file import UnreadableNotebookError, document_of
from keras_lsp.cli.source_files import source_files
from keras_lsp.sandbox.catalogue_store import CatalogueStore
from keras_lsp.sandbox.pool import WorkerPool
from keras_lsp.session.settings import Settings
from keras_lsp.source.extract import may_concern_us
from tests.corpus import report
from tests.corpus.judged import Judged, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("paths", nargs="+", metavar="PATH_OR_PACKAGE")
    parser.add_argument("--python", default=sys.executable, help="whose Keras counts")
    parser.add_argument("--out", type=Path, default=Path(".corpus"))
    parser.add_argument("--most", type=int, default=0, help="files, evenly spread over all")
    parser.add_argument("--seconds", type=float, default=10.0, help="what a replay may take")
    parser.add_argument("--lanes", type=int, default=2, help="files that are looked at side by side")
    wish = parser.parse_args(arguments)
    roots = [str(_place(name)) for name in wish.paths]
    files = source_files(roots)
    if wish.most and len(files) > wish.most:
        files = [files[number * len(files) // wish.most] for number in range(wish.most)]
    folders = tuple(
        dict.fromkeys(str(Path(root) if Path(root).is_dir() else Path(root).parent) for root in roots)
    )
    found = asyncio.run(_all(files, folders, wish))
    wish.out.mkdir(parents=True, exist_ok=True)
    markdown = report.as_markdown(", ".join(wish.paths), found)
    (wish.out / "report.md").write_text(markdown, encoding="utf-8")
    (wish.out / "report.json").write_text(report.as_json(found), encoding="utf-8")
    sys.stdout.write(markdown)
    return int(any(one.error or one.differences for one in found))


def _place(name: str) -> Path:
    """A path as it is; else the folder of an installed package."""
    if Path(name).exists():
        return Path(name).absolute()
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is neither a path nor an installed package")
    return Path(spec.origin).parent


async def _all(files: Sequence[Path], roots: tuple[str, ...], wish: argparse.Namespace) -> list[Judged]:
    found: dict[Path, Judged] = {}
    queue = iter(files)

    async def lane() -> None:
        settings = Settings(interpreter=(wish.python,), idle_seconds=0.0, replay_seconds=wish.seconds)
        examiner = Examiner(WorkerPool(), settings, roots, CatalogueStore.of_user())
        try:
            for file in queue:
                found[file] = await _one(examiner, file)
                _tell(f"\r{len(found)} of {len(files)} {file.name:40.40}")
        finally:
            await examiner.close()

    await asyncio.gather(*(lane() for _ in range(wish.lanes)))
    _tell("\n")
    return [found[file] for file in files]


async def _one(examiner: Examiner, file: Path) -> Judged:
    judged = Judged(str(file))
    started = perf_counter()
    try:
        document = document_of(file)
        if may_concern_us(document.text):
            snapshot = await examiner.examine(document)
            judge(snapshot, document.key, judged)
    except (OSError, UnreadableNotebookError) as unreadable:
        judged.state, judged.reason = "unreadable", str(unreadable)
    except Exception:  # noqa: BLE001 - a crash is what we look for
        judged.error = "".join(_last_lines(traceback.format_exc()))
    judged.seconds = perf_counter() - started
    return judged


def _last_lines(text: str) -> Iterator[str]:
    yield " / ".join(line.strip() for line in text.strip().splitlines()[-3:])


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(text)


if __name__ == "__main__":
    sys.exit(main())
