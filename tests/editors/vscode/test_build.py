"""The extension's code, its package, and the server in it, without an editor."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, PathDistribution
from typing import TYPE_CHECKING, Any

import keras_lsp
from tests.editors.vscode.toolchain import EXTENSION, HERE, ROOT, compile_typescript, node, succeed, tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANY_WHEEL = re.compile(r"Tag: py3-none-any")


def manifest() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    return read


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def bundled(vsix: Path) -> list[Distribution]:
    assert vsix.exists()
    return [PathDistribution(info) for info in (EXTENSION / "bundled").glob("*.dist-info")]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_code_is_clean() -> None:
    succeed([*tool("eslint"), "--max-warnings", "0", "."])


def test_the_types_of_extension_and_tests_hold() -> None:
    succeed([*tool("tsc"), "--noEmit"])
    succeed([*tool("tsc"), "--noEmit", "--project", str(HERE)])


def test_the_logic(tmp_path: Path) -> None:
    compile_typescript(HERE / "unit" / "logic.test.ts", tmp_path / "logic.js")
    succeed([str(node()), "--test", str(tmp_path / "logic.js")])


def test_version_and_license_are_those_of_the_project() -> None:
    assert manifest()["version"] == keras_lsp.__version__
    assert f'license = "{manifest()["license"]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_package_has_all_that_the_manifest_names_and_nothing_private(vsix: Path) -> None:
    with zipfile.ZipFile(vsix) as package:
        names = set(package.namelist())
    described = manifest()
    files = [described["main"], described["icon"]]
    files += [
        text
        for text in strings(described["contributes"])
        if re.match(r"(\./)?(media|snippets|syntaxes)/", text)
    ]
    readme = (EXTENSION / "README.md").read_text(encoding="utf-8")
    files += re.findall(r"!\[[^]]*\]\(([^)]+)\)", readme)
    for file in files:
        assert f"extension/{file.removeprefix('./')}" in names, file
    for name in ("server.py", "bundled/keras_lsp/__main__.py", "LICENSE.txt", "readme.md", "changelog.md"):
        assert f"extension/{name}" in names, sorted(n for n in names if n.count("/") == 1)
    unwanted = [
        name for name in names if re.search(r"node_modules|__pycache__|\.pyc$|/src/|\.map$|/tests?/", name)
    ]
    assert unwanted == []


def test_what_is_bundled_runs_everywhere_and_is_complete(vsix: Path) -> None:
    packages = {canonical(package.metadata["Name"]): package for package in bundled(vsix)}
    needed = re.findall(r'^    "([a-z]+)[>=<]', _table("dependencies"), re.MULTILINE)
    assert needed
    for package in packages.values():
        assert ANY_WHEEL.search(package.read_text("WHEEL") or ""), package.metadata["Name"]
        for requirement in package.requires or ():
            name, _, condition = requirement.partition(";")
            if "extra" not in condition and not _only_before_310(condition):
                needed.append(re.split(r"[ <>=!~\[(]", name.strip())[0])
    missing = {canonical(name) for name in needed} - set(packages)
    assert missing == set()


def _table(name: str) -> str:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return text.split(f"\n{name} = [\n", 1)[1].split("\n]", 1)[0]


def _only_before_310(condition: str) -> bool:
    before = re.search(r"python_(?:full_)?version *< *['\"]3\.(\d+)", condition)
    return before is not None and int(before[1]) <= 10


def test_the_server_of_the_package_starts_without_any_package_installed(vsix: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(vsix) as package:
        package.extractall(tmp_path)
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    extension = tmp_path / "extension"
    for arguments, wanted in (
        (["--version"], keras_lsp.__version__),
        (["doctor", "--help"], "usage"),
        (["explain", "KL101"], "model.build"),
    ):
        done = subprocess.run(
            [str(bare / "bin" / "python"), "-I", str(extension / "server.py"), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert wanted in done.stdout
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
    leave = json.dumps({"jsonrpc": "2.0", "method": "exit"})
    frames = "".join(f"Content-Length: {len(text)}\r\n\r\n{text}" for text in (body, leave))
    served = subprocess.run(
        [str(bare / "bin" / "python"), "-I", str(extension / "server.py"), "serve", "--stdio"],
        input=frames.encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b'"hoverProvider"' in served.stdout, served.stderr
    assert b"Traceback" not in served.stderr


def test_settings_are_those_that_the_server_reads() -> None:
    from keras_lsp.lsp import options

    described = manifest()["contributes"]["configuration"]["properties"]
    names = {name.removeprefix("kerasLsp.") for name in described}
    of_rules = {"select", "ignore", "severity", "perFileIgnores"}
    assert names - {"serverInterpreter"} == (set(options._READERS) | of_rules) - {
        "interpreters",
        "interpretersFollow",
    }
    defaults = {name.removeprefix("kerasLsp."): setting["default"] for name, setting in described.items()}
    settings, problems = options.settings_from(defaults, options_default())
    assert problems == ()
    assert settings == options_default()


def test_every_setting_goes_to_the_server() -> None:
    source = (EXTENSION / "src" / "settings.ts").read_text(encoding="utf-8")
    passed_on = re.search(r"const PASSED_ON = \[(.*?)\];", source, re.DOTALL)
    assert passed_on is not None
    described = manifest()["contributes"]["configuration"]["properties"]
    names = {name.removeprefix("kerasLsp.") for name in described} - {"interpreter", "serverInterpreter"}
    assert set(re.findall(r"'(\w+)'", passed_on[1])) == names


def options_default() -> Any:
    from keras_lsp.session.settings import Settings

    return Settings()


def test_what_a_folder_must_not_choose_is_restricted() -> None:
    described = manifest()
    restricted = described["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    programs, limits = ("interpreter", "serverInterpreter"), ("replaySeconds", "memoryBytes")
    assert set(restricted) == {
        f"kerasLsp.{name}" for name in (*programs, *limits, "bubblewrap", "untestedSandbox")
    }
    assert set(restricted) <= set(described["contributes"]["configuration"]["properties"])


def test_snippets_are_python() -> None:
    import ast

    snippets = json.loads((EXTENSION / "snippets" / "keras.json").read_text(encoding="utf-8"))
    for name, snippet in snippets.items():
        text = re.sub(r"\$\{\d+:([^}]*)\}|\$\d", r"\1", "\n".join(snippet["body"]))
        ast.parse(text)
        assert name
