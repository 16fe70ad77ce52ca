"""Edits of texts whose classes keep models, whose tests take fixtures and whose sizes are said elsewhere."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_lsp.source.incremental import LiveModule
from tests.unit.source.test_incremental import TYPED, assert_as_if_read_anew, edited

KEEPING = '''"""Objects that keep models."""
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.layers import Dense

DEPTH = 3
x = np.ones((8, 4))


class Net(keras.Model):
    steps = 2

    def __init__(self):
        super().__init__()
        self.a = [Dense(8) for _ in range(DEPTH)]
        self.b = [Dense(8) for _ in range(self.steps)]
        self.head = Dense(1)


class Lin(tf.Module):
    def __init__(self):
        self.net = Net()


class Base:
    def __init__(self):
        self.model = Net()
        self.chain = self.build()

    def build(self):
        model = keras.Sequential()
        model.add(Dense(2))
        return model


class Agent(Base):
    other = Net()

    def act(self):
        self.model.head.kernel
        self.chain.layers[0]
        self.other.head
        self.model(x)
        self.model.a[1].weights

    def renew(self):
        self.chain = Net()
        self.act()
        self.chain.layers[0]


@pytest.fixture
def net():
    yield Net()


@pytest.fixture(name="trained")
def make_trained(net):
    net(x)
    return net


def test_net(net, trained):
    net.head.kernel
    net.layers[-1:]
    trained.head


def helper(net):
    net.head


first = Net()
first(x)
first.layers[1:][0].weights
first.a[DEPTH]
'''
MORE = [*TYPED, "self", "4"]
edits = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 40) | st.just(0), st.sampled_from(MORE)),
    max_size=5,
)


@settings(max_examples=25, deadline=None)
@given(edits)
@example([(KEEPING.index("yield Net"), 5, "return")])
@example([(KEEPING.index("        self.model(x)"), 0, "\\\n"), (KEEPING.index("import keras"), 0, "(")])
@example([(KEEPING.index("DEPTH = 3") + 8, 1, "4")])
@example([(KEEPING.index("(8, 4)") + 1, 1, "9")])
@example([(KEEPING.index("self.model = Net()"), len("self.model = Net()"), "pass")])
@example([(KEEPING.index("def net"), len("def net"), "def nett")])
@example([(KEEPING.index("self.head ="), len("self.head"), "self.tail")])
@example([(KEEPING.index("class Agent(Base"), len("class Agent(Base"), "class Agent(Bas")])
@example([(KEEPING.index("steps = 2") + 8, 1, "5")])
def test_any_edits(changes: list[tuple[int, int, str]]) -> None:
    module = LiveModule(KEEPING)
    for text in edited(module, KEEPING, changes):
        assert_as_if_read_anew(module, text)


def test_what_the_text_says() -> None:
    """The edits would show nothing if the text said nothing."""
    facts = LiveModule(KEEPING).facts
    assert {"self.model", "self.chain", "net", "trained", "first"} <= {b.name for b in facts.bindings}
    net = facts.model_class("Net")
    assert net is not None
    assert net.lengths == (("a", 3), ("b", 2))
