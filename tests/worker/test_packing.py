"""Reports travel with each weight once, and what does not fit together is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keras_lsp.worker.report import LayerReport, ReplayReport, Versions, WeightReport, pack, unpack

KERNEL = WeightReport("net/dense/kernel", "kernel", (3, 4), "float32", True)
BIAS = WeightReport("net/dense/bias", "bias", (4,), "float32", True)


def layer(number: int, *weights: WeightReport) -> LayerReport:
    return LayerReport(
        number, "Dense", "keras.Dense", f"dense_{number}", "layer", False, None, weights=weights
    )


REPORT = ReplayReport(
    Versions("3.11", "3.15.1", 3), layers=(layer(0, KERNEL, BIAS), layer(1), layer(2, BIAS, KERNEL))
)


def test_each_weight_is_sent_once_and_comes_back_in_order() -> None:
    packed = pack(REPORT)
    assert packed.weights == (KERNEL, BIAS)
    assert packed.of_layers == ((0, 1), (), (1, 0))
    assert unpack(packed) == REPORT


@pytest.mark.parametrize("of_layers", [(), ((0,), (), (2,)), ((0,), (), (-1,))])
def test_parts_that_do_not_fit_are_refused(of_layers: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match="a report"):
        unpack(replace(pack(REPORT), of_layers=of_layers))
