"""What a program asks of whoever started it: nobody answers in a replay, and nobody waits."""

from __future__ import annotations

import argparse
import builtins
import time
from typing import Any

from ..unknown.hole import Hole, uncertain


def install() -> None:
    """For this process, which ends with its replay."""
    vars(builtins)["input"] = lambda *_: uncertain("what is typed in is not known in a replay", "input()")
    vars(time)["sleep"] = lambda *_: None
    original = argparse.ArgumentParser.parse_known_args

    def parse_known_args(parser: Any, *args: Any, **kwargs: Any) -> Any:
        for action in parser._actions:
            _ask_for_nothing(action)
        return original(parser, *args, **kwargs)

    setattr(argparse.ArgumentParser, original.__name__, parse_known_args)


def _ask_for_nothing(action: Any) -> None:
    """An argument that the command line has to give is not known."""
    if action.required:
        action.required = False
        if action.nargs in (None, argparse.ONE_OR_MORE) and not action.option_strings:
            action.nargs = argparse.OPTIONAL
        if action.default is None:
            action.default = Hole("the command line is not known in a replay", text=f"args.{action.dest}")
