"""What a live layer wants of its input: rank, dtype, sizes. Ranks count the batch axis.

From its class where that is Keras's, from its `input_spec`, and for the user's own classes from their text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from ..lines.symbolic import KerasLine, is_library

if TYPE_CHECKING:
    from .tensor_uses import LayerPath

Sizes = Tuple[Optional[int], ...]  # per sample; None where any will do

# By the documentation of each class: https://keras.io/api/layers/
SEQUENCES = frozenset(
    {"LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "TimeDistributed", "MultiHeadAttention"}
    | {"GroupQueryAttention", "Attention", "AdditiveAttention"}
)
IMAGES = re.compile(r"Random[A-Z]|(?:CenterCrop|Resizing|AutoContrast|RandAugment|AugMix|MixUp|CutMix)$")
INDEXED = frozenset({"Embedding", "ReversibleEmbedding"})
MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"})
KEEPING = frozenset(
    {"Dense", "Dropout", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "LayerNormalization"}
    | {"BatchNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization", "Identity"}
    | {"SpectralNormalization", "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization"}
    | {"Rescaling", "Normalization", "Masking", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"}
    | {"MultiHeadAttention", "GroupQueryAttention"}
)
DIMENSIONS = re.compile(r"([123])D(?:Transpose)?$")


class Want(NamedTuple):
    """Rank is None where the layer takes any from `least` on."""

    rank: Optional[int] = None
    least: int = 0
    dtype: str = ""
    sizes: Sizes = ()  # per sample, where all are known or open
    last: Optional[int] = None  # size of the last axis
    in_list: bool = False  # wants a list of tensors
    keeps: bool = False  # gives back what it gets, as far as the rank goes


def find_layer(line: KerasLine, owner: Any, path: LayerPath) -> Any:
    """The layer at `self.blocks[0]` of a live object; None when there is none."""
    found = owner
    try:
        for step in path:
            found = getattr(found, step) if isinstance(step, str) and hasattr(found, step) else found[step]
    except Exception:  # noqa: BLE001 - attributes of user classes may do anything
        return None
    return found if line.is_layer(found) else None


def want_of(line: KerasLine, layer: Any) -> Want:
    """Of Keras's layers, and of what `input_spec` or a known input says of others."""
    known = _sizes_of_built(layer)
    if known is not None:
        return Want(rank=len(known) + 1, sizes=known, dtype=_input_dtype(layer))
    if type(layer).__name__ == "Sequential":
        return _want_of_sequence(line, layer)
    want = _want_of_class(line, layer) if is_library(type(layer)) else _want_of_bases(line, layer)
    return _with_spec(want, getattr(layer, "input_spec", None))


def _want_of_bases(line: KerasLine, layer: Any) -> Want:
    """A user's subclass of Conv2D takes what Conv2D takes."""
    base = next((base for base in type(layer).__mro__ if is_library(base)), None)
    return Want() if base in (None, line.layer_class, line.model_class) else _want(line, layer, base.__name__)


def _want_of_class(line: KerasLine, layer: Any) -> Want:
    return _want(line, layer, type(layer).__name__)


def want_of_name(name: str) -> Want:
    """Of a class of Keras's that is only named; nothing for other names."""
    known = name in INDEXED | MERGING | SEQUENCES | KEEPING or DIMENSIONS.search(name) or IMAGES.match(name)
    return _by_class_name(name) if known and name != "TimeDistributed" else Want()


def _want(line: KerasLine, layer: Any, name: str) -> Want:
    if name == "TimeDistributed":
        inner = want_of(line, layer.layer)
        return Want(rank=inner.rank + 1 if inner.rank else 3, dtype=inner.dtype)
    if name == "EinsumDense":
        equation = str(getattr(layer, "equation", "")).split(",")[0]
        return Want(rank=len(equation) if equation.isalpha() else None)
    if name == "Permute":
        return Want(rank=len(layer.dims) + 1)
    return _by_class_name(name)


def _by_class_name(name: str) -> Want:
    dimensions = DIMENSIONS.search(name)
    if name in INDEXED:
        return Want(rank=2, dtype="int32")
    if name in MERGING:
        return Want(in_list=True)
    if dimensions is not None:
        extra = 3 if name.startswith("ConvLSTM") else 2
        return Want(rank=int(dimensions.group(1)) + extra, keeps=not name.startswith(("Global", "ConvLSTM")))
    if name in SEQUENCES:
        both = name in ("Attention", "AdditiveAttention")
        return Want(rank=3, keeps=name in KEEPING, in_list=both)
    if IMAGES.match(name):
        return Want(rank=4, keeps=True)
    if name in ("TextVectorization", "StringLookup"):
        return Want(rank=2, dtype="string")
    if name in ("IntegerLookup", "Hashing", "CategoryEncoding"):
        return Want(rank=2, dtype="int32")
    return Want(rank=2 if name == "RepeatVector" else None, least=2, keeps=name in KEEPING)


def members_of(model: Any) -> List[Any]:
    """The layers of a Sequential, without its input."""
    return [member for member in model.layers if type(member).__name__ != "InputLayer"]


def _want_of_sequence(line: KerasLine, model: Any) -> Want:
    """Of a Sequential that is not built: its first layers, as long as they keep the rank."""
    inner = members_of(model)
    keeps = True
    least = 0
    for member in inner[:8]:
        want = want_of(line, member)
        if want.rank is not None or want.dtype:
            return want._replace(keeps=False)
        least = max(least, want.least)
        keeps = want.keeps
        if not keeps:
            break
    return Want(least=least, keeps=keeps and len(inner) <= 8)


def _with_spec(want: Want, spec: Any) -> Want:
    """What `input_spec` adds: a rank, a least rank, sizes of axes."""
    if spec is None or isinstance(spec, (list, tuple)):
        return want
    ndim, least = getattr(spec, "ndim", None), getattr(spec, "min_ndim", None)
    axes: Dict[int, int] = getattr(spec, "axes", None) or {}
    if isinstance(ndim, int) and want.rank is None:
        want = want._replace(rank=ndim)
    if isinstance(least, int):
        want = want._replace(least=max(least, want.least))
        if want.rank is None and least > 2:  # 3 to 5: a convolution's own rank; Dense's 2 says nothing
            want = want._replace(rank=least)
    last = axes.get(-1, axes.get(want.rank - 1 if want.rank else -1))
    return want._replace(last=int(last)) if isinstance(last, int) else want


def _sizes_of_built(layer: Any) -> Optional[Sizes]:
    """The per-sample input sizes of a functional or built Sequential model with one input."""
    tensors = _inputs_of(layer)
    if len(tensors) != 1:
        return None
    return tuple(None if size is None else int(size) for size in tensors[0].shape[1:])


def _inputs_of(layer: Any) -> Tuple[Any, ...]:
    try:
        tensors = layer.inputs
    except Exception:  # noqa: BLE001 - unbuilt models raise, other layers have none
        return ()
    return tuple(tensors) if isinstance(tensors, (list, tuple)) else ()


def _input_dtype(layer: Any) -> str:
    name = getattr(_inputs_of(layer)[0].dtype, "name", None) or str(_inputs_of(layer)[0].dtype)
    return "" if name.startswith("float") else str(name)


def joined(first: Want, second: Want) -> Want:
    """What was met first counts most; the least rank is the larger."""
    return Want(
        rank=first.rank or second.rank,
        least=max(first.least, second.least),
        dtype=first.dtype or second.dtype,
        sizes=first.sizes or second.sizes,
        last=first.last or second.last,
        in_list=first.in_list or second.in_list,
        keeps=first.keeps or second.keeps,
    )
