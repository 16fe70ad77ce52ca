"""The doctor: which Python is used and why, and whether a replay works there, tried on a small model."""

from __future__ import annotations

import itertools
import platform
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import keras_lsp
from keras_lsp.sandbox.jail import describe_level
from keras_lsp.worker.wire import Hello, ReplayRequest

if TYPE_CHECKING:
    from keras_lsp.sandbox.builder import ModelBuilder
    from keras_lsp.sandbox.demand import Demand
    from keras_lsp.sandbox.environment import Environment
    from keras_lsp.sandbox.pool import BuilderSource
    from keras_lsp.worker.report import ReplayReport

# Small, but all of it is needed: a class of one's own, a layer in it, and a call that builds.
_TRIAL = """\
import {package}

class Trial({package}.Model):
    def __init__(self):
        super().__init__()
        self.dense = {package}.layers.Dense(3)

    def call(self, inputs):
        return self.dense(inputs)

trial = Trial()
trial({package}.Input((2,)))
"""
_TRIAL_WEIGHTS = [(2, 3), (3,)]
_numbers = itertools.count(1)  # a replay of a path ends an older one of the same path

WORKS = "Replays work: hovers, hints and findings are exact."
STILL = "Everything that the text alone says is still shown: layers, names, definitions."


@dataclass
class Findings:
    """Lines of a table, and what is wrong."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""

    def add(self, name: str, value: str) -> None:
        self.lines.append((name, value))

    @property
    def verdict(self) -> str:
        return f"Replays do not work: {self.problem}" if self.problem else WORKS


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose replays are examined."""

    demand: Demand
    origin: str = ""  # why this interpreter, where the patient knows better than the settings
    not_run: str = ""  # why nothing may be started here; "" when it may


async def examine(patient: Patient, builders: BuilderSource) -> Findings:
    """Starts the interpreter, unless that is not allowed: it may be one of the folder's own."""
    findings = Findings()
    findings.add(
        "keras-lsp",
        f"{keras_lsp.__version__}, under Python {platform.python_version()} on {platform.system()}",
    )
    builder, environment = builders.builder_for(patient.demand)
    if environment is not None:
        _describe_environment(findings, environment, patient.origin or environment.origin)
        if environment.outer.why:
            findings.add("around it", environment.outer.why)
    if patient.not_run:
        findings.problem = patient.not_run
    else:
        await _try(findings, builder)
    return findings


def _describe_environment(findings: Findings, environment: Environment, origin: str) -> None:
    findings.add("interpreter", " ".join(environment.command))
    findings.add("chosen by", origin)
    packages = environment.packages
    named = {"keras": packages.keras, "tensorflow": packages.tensorflow, "tf-keras": packages.tf_keras}
    installed = ", ".join(f"{name} {version}" for name, version in named.items() if version)
    unknown = "not known before it runs" if not packages.known else "no Keras"
    findings.add("installed", installed or unknown)
    if environment.legacy:
        findings.add("tf.keras", "tf-keras 2, because TF_USE_LEGACY_KERAS is set")


async def _try(findings: Findings, builder: ModelBuilder) -> None:
    hello = await builder.start()
    if isinstance(hello, str):
        findings.problem = hello
        return
    backend = f" on {hello.backend}" if hello.backend else ""
    findings.add("worker", f"Keras {hello.keras}{backend}, Python {hello.python}")
    findings.add("start", f"{hello.import_seconds:.1f} s to import Keras, once")
    findings.add("sandbox", describe_level(hello.confinement)[0])
    begin = time.perf_counter()
    outcome = await builder.replay(_trial(hello))
    if outcome.report is None:
        findings.problem = outcome.reason
        return
    findings.add("replay", f"{(time.perf_counter() - begin) * 1000:.0f} ms for a small model")
    findings.problem = _trial_problem(outcome.report)


def _trial(hello: Hello) -> ReplayRequest:
    package = "keras" if hello.keras_line == 3 else "tf_keras"
    return ReplayRequest(
        id=0,
        path=str(Path("/") / f"keras_lsp_trial_{next(_numbers)}.py"),
        text=_TRIAL.format(package=package),
        module_name="__main__",
        classes=("Trial",),
        wall_seconds=30.0,
    )


def _trial_problem(report: ReplayReport) -> str:
    """Why a replay of the trial, which is known to work, is not to be relied on; "" when it is."""
    for failure in report.failures:
        return f"a model that is known to work raised {failure.type}: {failure.message}"
    for hole in report.holes:
        return f"a model that is known to work could not be followed: {hole.reason}"
    weights = [
        weight.shape for layer in report.layers if layer.class_name == "Dense" for weight in layer.weights
    ]
    return "" if weights == _TRIAL_WEIGHTS else f"a Dense layer had the weights {weights}"
