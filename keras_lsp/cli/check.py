"""`keras-lsp check PATH...`: the findings of an editor for whole projects, in a terminal or in CI."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from keras_lsp.cli.checked import Checked, checked
from keras_lsp.cli.examine import Examiner, StaticOnly
from keras_lsp.cli.notebook_file import UnreadableNotebookError, document_of
from keras_lsp.cli.remembered import Remembered
from keras_lsp.cli.report_formats import FORMATS, JSON_VERSION
from keras_lsp.cli.source_files import source_files
from keras_lsp.features import wording
from keras_lsp.features.rules import choice
from keras_lsp.sandbox.catalogue_store import CatalogueStore
from keras_lsp.sandbox.pool import WorkerPool
from keras_lsp.session.project import ProjectFiles
from keras_lsp.session.settings import Settings
from keras_lsp.session.snapshot import Snapshot
from keras_lsp.session.surroundings import Surroundings
from keras_lsp.source.extract import may_concern_us
from keras_lsp.source.resolve import needs_others

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from keras_lsp.text.document import Document

_COLOURS = {"error": "bold red", "warning": "yellow", "information": "blue", "hint": "dim"}
_TELL_KERAS = ("KERAS_BACKEND", "TF_USE_LEGACY_KERAS", "KERAS_HOME")
_KEPT_SECONDS = 30 * 24 * 3600.0  # what a check found is remembered for so long
_MOST_LANES = 4  # each holds a worker with Keras in it: half a gigabyte
_FILES_A_LANE = 4  # fewer are done before another worker has started


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    paths: tuple[str, ...]
    format: str = "text"
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    static_only: bool = False
    python: str | None = None
    untested: bool = False  # also in a sandbox that nobody has tried
    jobs: int | None = None
    cache: bool = True
    settings: Settings = field(default_factory=Settings)  # of the editor that asks; the rest comes on top


def check(wish: Wish, *, console: Console | None = None, errors: Console | None = None) -> int:
    """0, 1 with findings that are errors, 2 when a path is not there."""
    console, errors = console or Console(), errors or Console(stderr=True)
    try:
        files = source_files(wish.paths)
    except FileNotFoundError as missing:
        errors.print(Text(f"{missing} does not exist.", "red"))
        return 2
    here = Path.cwd()
    run = _Run(wish, _roots(files, wish.paths, here))
    for problem in run.problems():
        errors.print(Text(problem, "yellow"), soft_wrap=True)
    progress = _progress(errors) if errors.is_terminal else None
    found: list[Checked] = []

    def take(one: Checked) -> None:
        found.append(one)
        if wish.format == "jsonl":
            _print_line(one.data())
        elif wish.format == "text" and progress is None:  # a bar and lines would get into each other's way
            _print_findings(console, one, here)

    if wish.format == "jsonl":
        _print_line({"version": JSON_VERSION, "files": len(files)})
    with progress or nullcontext():
        asyncio.run(run.all(files, take, progress))
    if wish.format == "text":
        for one in found if progress else ():
            _print_findings(console, one, here)
        console.print(_summary(found), soft_wrap=True, highlight=False)
    elif wish.format != "jsonl" and (
        text := FORMATS[wish.format]([replace(one, path=_shown(one.path, here)) for one in found])
    ):
        console.print(Text(text), soft_wrap=True)
    return 1 if any(told.severity == "error" for one in found for told in one.findings) else 0


class _Run:
    def __init__(self, wish: Wish, roots: Sequence[str]) -> None:
        self._wish = wish
        self._roots = roots
        base = wish.settings
        rules = base.rules.with_said(**({} if wish.select is None else {"select": wish.select}))
        self._settings = replace(
            base,
            interpreter=(wish.python,) if wish.python else base.interpreter,
            interpreters_follow=False,
            idle_seconds=0.0,
            untested_sandbox=wish.untested or base.untested_sandbox,
            rules=replace(rules, ignore=(*rules.ignore, *wish.ignore)),
        )
        self._catalogues = CatalogueStore.of_user()
        self._store = CatalogueStore.of_user("checks") if wish.cache else CatalogueStore()

    def problems(self) -> tuple[str, ...]:
        around = Surroundings(ProjectFiles(), self._settings)
        around.roots = tuple(self._roots)
        around.reload()
        rules = {root: around.rules_of(str(Path(root, "a.py"))) for root in self._roots}
        return choice.problems(Snapshot({}, self._settings, rules, around.problems))

    async def all(
        self, files: Sequence[Path], take: Callable[[Checked], None], progress: Progress | None
    ) -> None:
        """`take` is given each, in the order of `files`, as soon as all before it are done."""
        remembered = Remembered(self._store, self._roots, self._circumstances(files))
        found: dict[str, Checked] = {}
        waiting: list[Document] = []
        task = progress.add_task("", total=len(files)) if progress else None
        for file in files:
            known = self._at_once(file, remembered)
            if isinstance(known, Checked):
                found[str(file)] = known
            else:
                waiting.append(known)
        due = iter(files)
        first = next(due, None)

        def tell() -> None:
            nonlocal first
            while first is not None and (one := found.get(str(first))) is not None:
                take(one)
                first = next(due, None)
            if progress and task is not None:
                progress.update(task, completed=len(found))

        tell()
        queue = iter(waiting)
        lanes = min(self._lanes(), max(1, len(waiting) // _FILES_A_LANE))

        async def lane() -> None:
            pool = WorkerPool()
            builders = StaticOnly(pool) if self._wish.static_only else pool
            examiner = Examiner(builders, self._settings, self._roots, self._catalogues)
            try:
                for document in queue:
                    one = checked(await examiner.examine(document), document)
                    found[one.path] = one
                    remembered.keep(one)
                    tell()
            finally:
                await examiner.close()

        if waiting:
            await asyncio.gather(*(lane() for _ in range(lanes)))
            self._store.forget_older(_KEPT_SECONDS)

    def _at_once(self, file: Path, remembered: Remembered) -> Checked | Document:
        """What is known without looking closely, or the document to look at."""
        try:
            document = document_of(file)
        except (OSError, UnreadableNotebookError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            return Checked(str(file), has_models=True, reason=f"It cannot be read: {why}.")
        text = document.text
        if not may_concern_us(text) and not needs_others(text):
            return Checked(str(file))
        return remembered.recall(str(file)) or document

    def _lanes(self) -> int:
        if self._wish.jobs:
            return self._wish.jobs
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cores, _MOST_LANES)

    def _circumstances(self, files: Sequence[Path]) -> object:
        """All that findings depend on beside the texts."""
        pool = WorkerPool()
        folders = {file.parent for file in files}
        return [
            self._wish.static_only,
            str(self._settings),
            [str(ProjectFiles().settings_of(root)) for root in self._roots],
            sorted({pool.stamp(str(folder / "_.py"), self._roots, self._settings) for folder in folders}),
            {name: os.environ.get(name) for name in _TELL_KERAS},
        ]


def _roots(files: Sequence[Path], paths: Sequence[str], here: Path) -> tuple[str, ...]:
    """The working folder where it holds all files, else the folders that were named."""
    if all(here in file.parents for file in files):
        return (str(here),)
    named = (Path(path).absolute() for path in paths)
    return tuple(dict.fromkeys(str(path if path.is_dir() else path.parent) for path in named))


def _print_line(data: dict[str, Any]) -> None:
    """At once: whoever reads it wants to know how far the check is."""
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


def _shown(path: str, here: Path) -> str:
    return str(Path(path).relative_to(here)) if here in Path(path).parents else path


def _progress(console: Console) -> Progress:
    columns = (TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _print_findings(console: Console, one: Checked, here: Path) -> None:
    if one.findings:
        document = document_of(Path(one.path))
        for text in _findings(replace(one, path=_shown(one.path, here)), document):
            console.print(text, soft_wrap=True, highlight=False)


def _findings(checked: Checked, document: Document) -> Iterator[Text]:
    for told in checked.findings:
        place, colour = told.place, _COLOURS[told.severity]
        cells = document.cells
        cell = cells.cells[cells.names.index(place.cell)] if cells and place.cell else None
        lines = (cell or document).text.splitlines()
        path = f"{checked.path}:cell {place.cell}" if cell else checked.path
        yield Text.assemble(
            (f"{path}:{place.line}:{place.column}: ", "bold"),
            (f"{told.severity} {told.code} ", colour),
            told.message,
            (f" [{told.slug}]", "dim"),
        )
        if 0 < place.line <= len(lines):
            code = lines[place.line - 1]
            end = place.end_column if place.end_line == place.line else len(code) + 1
            blank = "".join(c if c == "\t" else " " for c in code[: place.column - 1])
            yield Text(f"    {code}", "dim")
            yield Text(f"    {blank}{'^' * max(1, end - place.column)}", colour)
        for fix in told.fixes:
            yield Text(f"    fix: {fix}", "green")


def _summary(found: Sequence[Checked]) -> Text:
    """What was looked at and how, and what was not and why."""
    counts = Counter(told.severity for one in found for told in one.findings)
    told = ", ".join(wording.count_text(counts[level], level) for level in _COLOURS if counts[level])
    versions = sorted({one.keras for one in found if one.keras})
    models = [one for one in found if one.has_models]
    summary = Text(f"{wording.count_text(len(found), 'file')}, {len(models)} with models", "bold")
    if versions:
        summary.append(f", run with Keras {' and '.join(versions)}")
    summary.append(f": {told or 'nothing found'}.", "bold")
    for reason, count in Counter(one.reason for one in models if one.reason).most_common():
        summary.append(f"\n{wording.count_text(count, 'file')} judged by the text alone: {reason}", "dim")
    return summary
