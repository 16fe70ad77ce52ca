"""The `keras-lsp` command. What a subcommand needs is imported when it runs."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from typing import TYPE_CHECKING

import keras_lsp

if TYPE_CHECKING:
    from collections.abc import Callable


def main(argv: list[str] | None = None) -> int:
    """Runs one subcommand; the exit code. Raises SystemExit for `--help`, `--version` and misuse."""
    arguments = _parser().parse_args(argv)
    logging.getLogger("keras_lsp").addHandler(logging.NullHandler())  # what matters is said in the output
    run: Callable[[argparse.Namespace], int] = arguments.run
    return run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keras-lsp", description="The language server that knows your Keras model."
    )
    parser.add_argument("--version", action="version", version=f"keras-lsp {keras_lsp.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve an editor")
    wire = serve.add_mutually_exclusive_group()
    wire.add_argument("--stdio", action="store_true", help="over standard input and output (the default)")
    wire.add_argument("--tcp", type=_address, metavar="HOST:PORT", help="to one client at this address")
    serve.add_argument(
        "--trust",
        action="store_const",
        const=True,
        default=os.environ.get("KERAS_LSP_TRUST") == "1" or None,
        help="replay the code of opened folders where the editor does not say whether they are trusted "
        "(also: KERAS_LSP_TRUST=1)",
    )
    serve.set_defaults(run=_serve)

    doctor = commands.add_parser("doctor", help="say which Python and Keras are used, and whether they work")
    _add_python(doctor)
    _add_untested(doctor)
    doctor.add_argument(
        "--bubblewrap",
        choices=("auto", "always", "never"),
        default="auto",
        help="what your editor's setting is",
    )
    doctor.add_argument("path", nargs="?", default=".", help="file or folder to look from (default: here)")
    doctor.set_defaults(run=_doctor)

    check = commands.add_parser(
        "check",
        help="find mistakes in files and folders",
        description="Finds what an editor would show, in whole projects. Model code is replayed on shapes "
        "only. Exit code 1 when there is an error.",
    )
    check.add_argument(
        "paths", nargs="*", default=["."], metavar="PATH", help="files and folders (default: .)"
    )
    check.add_argument(
        "--format",
        choices=("text", "json", "jsonl", "sarif", "github"),
        default="text",
        help="jsonl: a line for each file as soon as it is done",
    )
    check.add_argument("--settings", choices=("-",), help=argparse.SUPPRESS)  # an editor's, on standard input
    check.add_argument("--select", type=_names, metavar="RULES", help="only these, such as KL1,layer-index")
    check.add_argument("--ignore", type=_names, default=(), metavar="RULES", help="none of these")
    check.add_argument("--static-only", action="store_true", help="judge by the text, do not replay any code")
    check.add_argument(
        "--jobs", type=_positive, metavar="N", help="replays at a time (default: by the cores)"
    )
    check.add_argument("--no-cache", action="store_true", help="neither use nor keep what was found before")
    _add_python(check)
    _add_untested(check)
    check.set_defaults(run=_check)

    explain = commands.add_parser("explain", help="say what a finding is about, and how to mend it")
    explain.add_argument("rule", nargs="?", help="a code or a name, such as KL101 (default: list them all)")
    explain.set_defaults(run=_explain)

    show = commands.add_parser(
        "show",
        help="show a file as an editor would",
        description="Shows a file with shapes, findings and cards, and its models as tables, or one of them "
        "alone. The file's model code is replayed.",
    )
    show.add_argument(
        "file",
        metavar="FILE[:NAME]",
        help="a Python file or notebook, or one model in it by variable, class or name",
    )
    show.add_argument("--format", choices=("text", "json", "svg", "html"), default="text")
    _add_python(show)
    _add_untested(show)
    show.add_argument("--static-only", action="store_true", help="do not replay the file's code")
    show.set_defaults(run=_show)
    return parser


def _add_python(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--python",
        type=_program,
        metavar="PATH",
        help="the Python whose Keras counts (default: found as for an editor)",
    )


def _add_untested(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--untested-sandbox",
        action="store_true",
        help="run code on macOS and Windows too, where nobody has tested the sandbox",
    )


def _program(text: str) -> str:
    """A path counts from the working folder, as everywhere on a command line; a bare name from PATH."""
    return os.path.abspath(os.path.expanduser(text)) if os.sep in text else text  # noqa: PTH100, PTH111  # links stay


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


def _serve(arguments: argparse.Namespace) -> int:
    from keras_lsp.lsp.server import serve  # noqa: PLC0415  # pygls takes its time

    return serve(arguments.tcp is None, arguments.tcp, arguments.trust)


def _doctor(arguments: argparse.Namespace) -> int:
    from keras_lsp.cli.doctor import doctor  # noqa: PLC0415  # rich

    return doctor(
        arguments.path,
        arguments.python,
        untested=arguments.untested_sandbox,
        bubblewrap=arguments.bubblewrap,
    )


def _check(arguments: argparse.Namespace) -> int:
    from keras_lsp.cli.check import Wish, check  # noqa: PLC0415  # rich
    from keras_lsp.cli.editor_settings import read_settings  # noqa: PLC0415  # with it
    from keras_lsp.session.settings import Settings  # noqa: PLC0415  # with it

    return check(
        Wish(
            paths=tuple(arguments.paths),
            format=arguments.format,
            select=arguments.select,
            ignore=arguments.ignore,
            static_only=arguments.static_only,
            python=arguments.python,
            untested=arguments.untested_sandbox,
            jobs=arguments.jobs,
            cache=not arguments.no_cache,
            settings=read_settings(sys.stdin.read()) if arguments.settings else Settings(),
        )
    )


def _explain(arguments: argparse.Namespace) -> int:
    from keras_lsp.cli.explain import explain  # noqa: PLC0415  # rich

    return explain(arguments.rule)


def _show(arguments: argparse.Namespace) -> int:
    from keras_lsp.cli.show import show  # noqa: PLC0415  # rich

    return show(
        arguments.file,
        arguments.python,
        replay=not arguments.static_only,
        untested=arguments.untested_sandbox,
        form=arguments.format,
    )
