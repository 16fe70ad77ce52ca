"""Two samples of a text become one report: what differs is named, or told as not known."""

from __future__ import annotations

import dataclasses

import pytest

from keras_lsp.sandbox.samples import merged
from keras_lsp.worker.report import (
    EdgeReport,
    GraphReport,
    LayerReport,
    NodeFact,
    ReplayFailure,
    ReplayReport,
    StepReport,
    TensorSpec,
    Unknown,
    Value,
    Versions,
    WeightReport,
)

VERSIONS = Versions("3.11", "3.15.1", 3)


def dense(units: int, inputs: int = 16, number: int = 0, name: str = "dense") -> LayerReport:
    return LayerReport(
        id=number,
        class_name="Dense",
        qualified_name="keras.layers.Dense",
        name=name,
        kind="layer",
        is_user_class=False,
        created=(10, 20),
        config={"units": str(units)},
        built=True,
        weights=(WeightReport(f"{name}/kernel", "kernel", (inputs, units), "float32", True),),
        inputs=(f"(None, {inputs})",),
        outputs=(f"(None, {units})",),
        trainable_parameters=inputs * units,
        bytes=4 * inputs * units,
    )


def report(*layers: LayerReport, answer: int | None = None, **parts: object) -> ReplayReport:
    unknowns = (Unknown("n", "line 1 reads a file", answer),)
    return ReplayReport(VERSIONS, layers, unknowns=unknowns, **parts)  # type: ignore[arg-type]  # real fields


def tensor(*shape: int | None) -> NodeFact:
    return NodeFact((0, 5), (Value("tensor", tensor=TensorSpec(shape, "float32")),))


def named(fact: NodeFact) -> tuple[object, ...]:
    spec = fact.values[0].tensor
    assert spec is not None
    names = dict(spec.named)
    return tuple(names.get(axis, size) for axis, size in enumerate(spec.shape))


def test_what_agrees_is_kept_as_it_is() -> None:
    first = report(dense(8), answer=2112, nodes=(tensor(None, 8),))
    assert merged(first, report(dense(8), answer=192, nodes=(tensor(None, 8),))) == first


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [
        (2112, 192, "n"),
        (2114, 194, "n + 2"),
        (2111, 191, "n - 1"),
        (4224, 384, "2 * n"),
        (264, 24, "n / 8"),
        (1057, 97, "n / 2 + 1"),
        (6337, 577, "3 * n + 1"),
        (2112 * 192, 192 * 192, "192 * n"),
        (2113, 777, "?"),
        (2112 * 2 + 99, 192 * 2 + 99, "?"),
        (2112 + 777, 192 + 900, "?"),
    ],
)
def test_a_size_is_told_in_terms_of_what_is_unknown(ours: int, theirs: int, name: str) -> None:
    both = merged(
        report(dense(ours), answer=2112, nodes=(tensor(None, ours),)),
        report(dense(theirs), answer=192, nodes=(tensor(None, theirs),)),
    )
    assert named(both.nodes[0]) == (None, name)
    layer = both.layers[0]
    assert layer.outputs == (f"(None, {name})",)
    assert layer.config == {"units": name}
    assert layer.weights[0].shape == (16, None)
    assert layer.weights[0].named == ((1, name),)
    assert (layer.trainable_parameters, layer.bytes) == (None, None)
    assert "`n`" in layer.depends_on


def test_a_sum_in_a_product_keeps_its_brackets() -> None:
    unknown = (Unknown("len(a) + 1", "", 100),)
    first = dataclasses.replace(report(nodes=(tensor(200),)), unknowns=unknown)
    second = dataclasses.replace(
        report(nodes=(tensor(60),)), unknowns=(dataclasses.replace(unknown[0], value=30),)
    )
    assert named(merged(first, second).nodes[0]) == ("2 * (len(a) + 1)",)


def test_another_rank_is_not_known_at_all() -> None:
    both = merged(report(nodes=(tensor(None, 3),)), report(nodes=(tensor(None, 3, 3),)))
    assert both.nodes[0].values == (Value("hole", text="depends on `n`, which a replay does not know"),)


def test_another_number_of_weights_is_not_known() -> None:
    without = dataclasses.replace(dense(8), weights=(), trainable_parameters=0, bytes=0)
    layer = merged(report(dense(8)), report(without)).layers[0]
    assert layer.weights == ()
    assert layer.trainable_parameters is None
    assert layer.depends_on == "depends on `n`, which a replay does not know"


def test_a_layer_of_one_sample_only_has_nothing_but_its_class() -> None:
    extra = dataclasses.replace(dense(8, number=1), created=(30, 40))
    layer = merged(report(dense(8), extra), report(dense(8))).layers[1]
    assert (layer.class_name, layer.name, layer.weights, layer.outputs) == ("Dense", "", (), ())
    assert layer.depends_on


def test_names_that_count_unknown_layers_lose_their_number() -> None:
    both = merged(report(dense(8, name="dense_4")), report(dense(8, name="dense_5")))
    assert both.layers[0].name == "dense_?"
    assert both.layers[0].weights[0].path == "dense_?/kernel"


def test_layers_are_compared_by_where_they_are_made_not_by_number() -> None:
    other = dataclasses.replace(dense(3, number=0), created=(30, 40))
    value = Value("layer", layer=0)
    first = report(dense(8), nodes=(NodeFact((0, 5), (value,)),))
    second = report(
        other, dense(8, number=1), nodes=(NodeFact((0, 5), (dataclasses.replace(value, layer=1),)),)
    )
    both = merged(first, second)
    assert both.layers[0].weights[0].shape == (16, 8)
    assert both.nodes[0].values == (value,)


def test_lists_of_another_length_are_not_known() -> None:
    def items(count: int) -> NodeFact:
        return NodeFact((0, 5), (Value("list", items=(Value("layer", layer=0),) * count, length=count),))

    both = merged(report(dense(8), nodes=(items(1),)), report(dense(8), nodes=(items(2),)))
    assert both.nodes[0].values[0].kind == "hole"


def test_a_failure_is_certain_only_where_both_fail() -> None:
    failure = ReplayFailure("ValueError", "no", (0, 5))
    assert merged(report(failures=(failure,)), report(failures=(failure,))).failures[0].certain
    lone = merged(
        report(failures=(failure,)), report(failures=(dataclasses.replace(failure, type="TypeError"),))
    )
    assert not lone.failures[0].certain


def test_the_sample_that_went_further_is_told() -> None:
    failed = report(answer=2112, failures=(ReplayFailure("AssertionError", "", (0, 5), certain=False),))
    both = merged(failed, report(dense(192), answer=192))
    assert [layer.class_name for layer in both.layers] == ["Dense"]
    assert both.layers[0].weights == ()  # nobody can say what in it depends on `n`


def graph(units: int, *more: StepReport) -> GraphReport:
    steps = (StepReport("argument", name="x"), StepReport("layer", 1), *more)
    return GraphReport("call", steps, (EdgeReport(0, 1, TensorSpec((None, units), "float32")),))


def model(inside: GraphReport) -> LayerReport:
    return dataclasses.replace(dense(8), class_name="Net", created=(30, 40), graph=inside)


def test_shapes_between_layers_are_named_too() -> None:
    layers = [model(graph(units)) for units in (2114, 194)]
    inner = dense(8, number=1)
    both = merged(report(layers[0], inner, answer=2112), report(layers[1], inner, answer=192))
    found = both.layers[0].graph
    assert found is not None
    assert found.edges[0].tensor == TensorSpec((None, None), "float32", ((1, "n + 2"),))


def test_a_graph_whose_form_differs_is_not_told() -> None:
    layers = [model(graph(8)), model(graph(8, StepReport("operation", operation="Add")))]
    inner = dense(8, number=1)
    both = merged(report(layers[0], inner, answer=1), report(layers[1], inner, answer=2))
    assert both.layers[0].graph is None
