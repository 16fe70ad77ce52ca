"""Which Python is chosen and what is said of it, on folders laid out as pip, venv, pyenv and Debian do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_lsp.sandbox.demand import Demand
from keras_lsp.sandbox.environment import Environment, NoEnvironment, discover
from keras_lsp.sandbox.machine import Machine
from keras_lsp.sandbox.packages import Packages, read_packages
from keras_lsp.session.settings import Settings
from tests.unit.sandbox.conftest import machine

KERAS_3 = {"keras": "3.15.1", "tensorflow": "2.21.0"}


def make_python(path: Path) -> Path:
    """A file that can be executed, but would fail if it were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 99\n")
    path.chmod(0o755)
    return path


def install(site: Path, packages: dict[str, str]) -> None:
    for name, version in packages.items():
        (site / f"{name}-{version}.dist-info").mkdir(parents=True)


def make_venv(folder: Path, packages: dict[str, str], **config: str) -> Path:
    (folder / "lib/python3.11/site-packages").mkdir(parents=True)
    install(folder / "lib/python3.11/site-packages", packages)
    lines = {"include-system-site-packages": "false", "version": "3.11.7", **config}
    (folder / "pyvenv.cfg").write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))
    return make_python(folder / "bin/python")


def make_base(prefix: Path, packages: dict[str, str]) -> Path:
    """An installation: `bin/python3`, a link to `bin/python3.11`."""
    (prefix / "lib/python3.11/site-packages").mkdir(parents=True)
    install(prefix / "lib/python3.11/site-packages", packages)
    real = make_python(prefix / "bin/python3.11")
    (prefix / "bin/python3").symlink_to(real)
    return prefix / "bin/python3"


def find(
    here: Machine, path: str | None = None, roots: tuple[str, ...] = (), settings: Settings | None = None
) -> Environment:
    found = discover(Demand(path, roots, settings or Settings()), here)
    assert isinstance(found, Environment), found
    return found


def refuse(here: Machine, path: str | None = None, settings: Settings | None = None) -> str:
    found = discover(Demand(path, (), settings or Settings()), here)
    assert isinstance(found, NoEnvironment), found
    return found.reason


class TestOrder:
    """Each step is taken away from the front in turn, and the next one counts."""

    def test_setting_editor_project_variables_path_own(self, tmp_path: Path) -> None:
        work = tmp_path / "work"
        setting = make_venv(tmp_path / "setting", KERAS_3)
        editor = make_venv(tmp_path / "editor", KERAS_3)
        near = make_venv(work / "sub/.venv", KERAS_3)
        top = make_venv(work / "venv", KERAS_3)
        virtual = make_venv(tmp_path / "virtual", KERAS_3)
        conda = make_venv(tmp_path / "conda", KERAS_3)
        on_path = make_base(tmp_path / "usr", KERAS_3)
        own = make_venv(tmp_path / "own", KERAS_3)
        (work / "sub/deep").mkdir()
        environ = {
            "VIRTUAL_ENV": str(tmp_path / "virtual"),
            "CONDA_PREFIX": str(tmp_path / "conda"),
            "PATH": f"/no/such/folder{os.pathsep}{on_path.parent}",
        }
        expected = [
            (near, "project .venv"),
            (top, "project venv"),
            (virtual, "VIRTUAL_ENV"),
            (conda, "CONDA_PREFIX"),
            (on_path, "PATH"),
            (own, "the server's own Python"),
        ]
        here = Machine(environ, tmp_path, own)
        path, roots = str(work / "sub/deep/model.py"), (str(work),)
        chosen: dict[str, tuple[str, ...]] = {work.as_uri(): (str(editor),)}
        both = Settings(interpreter=(str(setting),), interpreters=chosen)
        assert (find(here, path, roots, both).origin) == "setting"
        found = find(here, path, roots, Settings(interpreters=chosen))
        assert (found.command, found.origin) == ((str(editor),), "editor")
        for python, origin in expected:
            found = find(here, path, roots)
            assert (found.command, found.origin) == ((str(python),), origin)
            python.unlink()
        assert refuse(here, path).startswith("No Python found")

    def test_a_candidate_without_keras_is_passed_over(self, tmp_path: Path) -> None:
        make_venv(tmp_path / "work/.venv", {"numpy": "2.0.0"})
        on_path = make_base(tmp_path / "usr", KERAS_3)
        here = machine(tmp_path, PATH=str(on_path.parent))
        assert find(here, str(tmp_path / "work/model.py"), (str(tmp_path / "work"),)).origin == "PATH"

    def test_folders_above_the_workspace_do_not_count(self, tmp_path: Path) -> None:
        make_venv(tmp_path / ".venv", KERAS_3)
        path, roots = str(tmp_path / "work/model.py"), (str(tmp_path / "work"),)
        assert isinstance(discover(Demand(path, roots, Settings()), machine(tmp_path)), NoEnvironment)

    def test_a_document_outside_every_root_and_an_untitled_one_use_the_roots(self, tmp_path: Path) -> None:
        python = make_venv(tmp_path / "work/.venv", KERAS_3)
        for path in (None, "/elsewhere/model.py"):
            assert find(machine(tmp_path), path, (str(tmp_path / "work"),)).command == (str(python),)

    def test_each_folder_has_the_interpreter_the_editor_chose_for_it(self, tmp_path: Path) -> None:
        one, two = make_venv(tmp_path / "v1", KERAS_3), make_venv(tmp_path / "v2", KERAS_3)
        outer, inner = tmp_path / "my work", tmp_path / "my work" / "inner"
        settings = Settings(interpreters={outer.as_uri(): (str(one),), inner.as_uri(): (str(two),)})
        roots = (str(outer), str(inner))
        here = machine(tmp_path)
        assert find(here, str(outer / "a.py"), roots, settings).command == (str(one),)
        assert find(here, str(inner / "sub/a.py"), roots, settings).command == (str(two),)


class TestExplicit:
    """What the user named is taken or refused, never replaced."""

    @pytest.fixture
    def here(self, tmp_path: Path) -> Machine:
        return machine(tmp_path, PATH=str(make_base(tmp_path / "usr", KERAS_3).parent))

    def test_one_that_does_not_exist(self, here: Machine) -> None:
        assert refuse(here, settings=Settings(interpreter=("/no/python",))) == (
            "The interpreter in the settings, `/no/python`, does not exist. "
            "Set `kerasLsp.interpreter` to a Python that has Keras."
        )

    def test_one_that_is_no_program(self, here: Machine, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("")
        for path in (tmp_path, tmp_path / "notes.txt"):
            settings = Settings(interpreter=(str(path),))
            assert "is not a program that can be run" in refuse(here, settings=settings)

    def test_one_from_the_editor_says_so(self, here: Machine, tmp_path: Path) -> None:
        settings = Settings(interpreters={tmp_path.as_uri(): ("/no/python",)})
        assert "chosen in the editor" in refuse(here, str(tmp_path / "a.py"), settings)

    def test_one_without_keras_is_still_the_users(self, here: Machine, tmp_path: Path) -> None:
        python = make_venv(tmp_path / "bare", {})
        found = find(here, settings=Settings(interpreter=(str(python),)))
        assert (found.command, found.packages) == ((str(python),), Packages())

    def test_home_relative_and_by_name(self, here: Machine, tmp_path: Path) -> None:
        python = make_venv(tmp_path / "code/env", KERAS_3)
        for spelling in ("~/code/env/bin/python", "env/bin/python"):
            found = find(here, str(tmp_path / "code/a.py"), (), Settings(interpreter=(spelling,)))
            assert found.command == (str(python),)
        named = find(here, settings=Settings(interpreter=("python3",)))
        assert named.command == (str(tmp_path / "usr/bin/python3"),)

    def test_packages_behind_a_launcher_are_not_guessed(self, here: Machine, tmp_path: Path) -> None:
        make_python(tmp_path / "usr/bin/conda")
        command = ("conda", "run", "-n", "x", "python")
        found = find(here, settings=Settings(interpreter=command))
        assert found.command == (str(tmp_path / "usr/bin/conda"), *command[1:])
        assert not found.packages.known
        assert found.keras_line is None


def test_without_keras_anywhere_the_reason_names_every_place(tmp_path: Path) -> None:
    project = make_venv(tmp_path / ".venv", {})
    on_path = make_base(tmp_path / "usr", {"numpy": "2.0.0"})
    assert refuse(machine(tmp_path, PATH=str(on_path.parent)), str(tmp_path / "model.py")) == (
        f"No Keras found in {project} (project .venv), {on_path} (PATH). "
        "Install Keras there, or: set `kerasLsp.interpreter` to a Python that has Keras."
    )


class TestPackages:
    def test_a_venv_may_see_its_base(self, tmp_path: Path) -> None:
        base = make_base(tmp_path / "usr", KERAS_3)
        inner = {"include-system-site-packages": "true", "home": str(base.parent)}
        open_venv = make_venv(tmp_path / "open", {"keras": "3.0.5"}, **inner)
        closed_venv = make_venv(tmp_path / "closed", {"tf_keras": "2.21.0"}, home=str(base.parent))
        here = machine(tmp_path)
        assert read_packages(open_venv, here) == Packages("3.0.5", "2.21.0")
        assert read_packages(closed_venv, here) == Packages(tf_keras="2.21.0")

    def test_user_site_and_debian_folders(self, tmp_path: Path) -> None:
        python = make_base(tmp_path / "usr", {})
        install(tmp_path / "usr/local/lib/python3.11/dist-packages", {"tensorflow_cpu": "2.18.0"})
        install(tmp_path / "usr/lib/python3/dist-packages", {"keras": "2.3.1"})
        install(tmp_path / ".local/lib/python3.11/site-packages", {"keras": "3.9.0"})
        assert read_packages(python, machine(tmp_path)) == Packages("3.9.0", "2.18.0")

    def test_another_versions_packages_do_not_count(self, tmp_path: Path) -> None:
        python = make_base(tmp_path / "usr", {})
        install(tmp_path / "usr/lib/python3.12/site-packages", KERAS_3)
        assert read_packages(python, machine(tmp_path)) == Packages()

    def test_names_that_only_begin_like_keras_and_leftovers_do_not_count(self, tmp_path: Path) -> None:
        names = {"keras_hub": "0.20.0", "keras_cv": "1.0", "tensorflow_datasets": "4.9", "~eras": "3.1"}
        assert read_packages(make_venv(tmp_path / "v", names), machine(tmp_path)) == Packages()

    def test_nowhere_to_look_is_not_the_same_as_nothing_there(self, tmp_path: Path) -> None:
        assert not read_packages(make_python(tmp_path / "odd/python"), machine(tmp_path)).known

    def test_the_real_one_agrees_with_what_it_says_itself(self, keras_python: list[str]) -> None:
        names = ("keras", "tensorflow", "tf-keras")
        program = f"from importlib.metadata import version as v; print(*map(v, {names!r}))"
        said = subprocess.run([*keras_python, "-c", program], capture_output=True, text=True, check=True)
        keras, tensorflow, tf_keras = said.stdout.split()
        expected = Packages(keras, tensorflow, tf_keras)
        assert read_packages(Path(keras_python[0]), Machine.here()) == expected


@pytest.mark.parametrize(
    ("packages", "environ", "line"),
    [
        (KERAS_3, {}, 3),
        ({"keras": "2.15.0", "tensorflow": "2.15.0"}, {}, 2),
        ({**KERAS_3, "tf_keras": "2.21.0"}, {}, 3),
        ({**KERAS_3, "tf_keras": "2.21.0"}, {"TF_USE_LEGACY_KERAS": "1"}, 2),
        ({**KERAS_3, "tf_keras": "2.21.0"}, {"TF_USE_LEGACY_KERAS": "0"}, 3),
        ({"tensorflow": "2.21.0"}, {}, None),
    ],
)
def test_the_keras_line(
    tmp_path: Path, packages: dict[str, str], environ: dict[str, str], line: int | None
) -> None:
    make_venv(tmp_path / ".venv", packages)
    assert find(machine(tmp_path, **environ), str(tmp_path / "model.py")).keras_line == line


class TestPyenv:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / ".pyenv"
        make_python(root / "shims/python3")
        for version in ("3.11.7", "3.11.10", "3.12.1"):
            (root / "versions" / version / "lib/python3.11/site-packages").mkdir(parents=True)
            install(root / "versions" / version / "lib/python3.11/site-packages", KERAS_3)
            make_python(root / "versions" / version / "bin/python")
        (root / "version").write_text("3.11.7\n")
        return root

    @pytest.mark.parametrize(
        ("variable", "local", "version"),
        [("", "", "3.11.7"), ("", "3.12.1", "3.12.1"), ("3.11", "3.12.1", "3.11.10")],
    )
    def test_a_shim_is_resolved_as_pyenv_would(
        self, root: Path, tmp_path: Path, variable: str, local: str, version: str
    ) -> None:
        (tmp_path / "work").mkdir()
        if local:
            (tmp_path / "work/.python-version").write_text(local)
        here = machine(tmp_path, PATH=str(root / "shims"), PYENV_VERSION=variable)
        found = find(here, str(tmp_path / "code/a.py"), (str(tmp_path / "work"),))
        assert found.command == (str(root / "versions" / version / "bin/python"),)

    def test_system_means_the_next_one_on_path(self, root: Path, tmp_path: Path) -> None:
        (root / "version").write_text("system\n")
        python = make_base(tmp_path / "usr", KERAS_3)
        here = machine(tmp_path, PATH=f"{root / 'shims'}{os.pathsep}{python.parent}")
        assert find(here, str(tmp_path / "a.py")).command == (str(python),)

    def test_a_version_that_is_not_installed_is_refused_when_asked_for(
        self, root: Path, tmp_path: Path
    ) -> None:
        (root / "version").write_text("3.9.1\n")
        settings = Settings(interpreter=(str(root / "shims/python3"),))
        assert "pyenv has no Python for it" in refuse(machine(tmp_path), settings=settings)


def test_the_servers_own_python_is_really_the_last_resort(tmp_path: Path) -> None:
    here = Machine({}, tmp_path, Path(sys.executable))
    found = discover(Demand(str(tmp_path / "a.py"), (), Settings()), here)
    origin = found.origin if isinstance(found, Environment) else found.reason
    assert "the server's own Python" in origin
