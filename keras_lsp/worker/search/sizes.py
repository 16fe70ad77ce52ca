"""Usual sizes of inputs, and what names say: of a tensor, of a documented dimension, of an attribute.

Ranks count the batch axis, sizes are per sample.
"""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    from .shape_docs import Size

FEATURES = 32
STEPS = 16
SIDE = 64  # of an image
COLOURS = 3
FRAMES = 8
MAX_SIZE = 100_000
# What a usual size is told as where it can be another one, and that other one.
NAMES_OF_SIZES: Dict[Optional[int], str] = {
    FEATURES: "features",
    STEPS: "length",
    SIDE: "size",
    FRAMES: "frames",
}
OTHERS: Dict[int, int] = {FEATURES: 80, STEPS: 28, SIDE: 96, FRAMES: 10}

Sizes = Tuple[int, ...]

# What the name of a tensor says where nothing else does: rank, dtype.
_TENSORS: Tuple[Tuple[str, int, str], ...] = (
    (r"video|clips?$|frames$", 5, "float32"),
    (r"imag|img|pixel|picture|photo|frame|feature_?maps?$", 4, "float32"),
    (r"token|(?:^|_)(?:ids?|text)$|word|sentence|indices|positions$|segment", 2, "int32"),
    (r"adjacency|adj$|edges?$|nodes?$|node_features", 3, "float32"),
    (r"mask", 2, "bool"),
    (r"^(?:t|ts|time|timesteps?|noise_level|sigma)$", 1, "float32"),
    (r"spectrogram|mel|sequence|seq|patch|^(?:q|k|v|query|queries|keys?|values?)$", 3, "float32"),
    (r"hidden_states|encoder_out|enc_out|memory|context$|_feats$|audio_features", 3, "float32"),
    (r"audio|waveform|wav$", 2, "float32"),
    (r"logits|features?$|latent|^z$|embedding$|labels?$|y_true|y_pred|states?$", 2, "float32"),
)
# What the name of a class says where its text says nothing of its first input.
_CLASSES: Tuple[Tuple[str, int], ...] = (
    (r"Time(?:step)?_?Embedding", 1),
    (r"Attention|Transformer|Position(?:al)?_?(?:Embedd|Encod)", 3),
)
_DIMENSIONS: Tuple[Tuple[str, int], ...] = (
    (r"head", 4),
    (r"height|width|rows|cols|^[hw]$|img|side", SIDE),
    (r"channel|^c$|rgb", COLOURS),
    (r"frames", FRAMES),
    (r"time|seq|len|step|patch|token|^[tlsn]$|^num|field|count|max", STEPS),
)
# Attributes of a layer that hold a size of its input: of an image's sides, of a sequence, of the last axis.
_SIDES = ("image_size", "img_size", "image_shape", "input_resolution", "resolution", "input_size")
_STEPS = (
    "num_patches",
    "num_patch",
    "sequence_length",
    "seq_len",
    "seq_length",
    "maxlen",
    "max_len",
    "window_size",
)
_INPUTS = (
    *(
        "in_channels",
        "in_chs",
        "in_features",
        "in_filters",
        "infilters",
        "input_filters",
        "input_dim",
        "in_dim",
    ),
    *("channels", "dim"),
)
_WIDTHS = ("embed_dim", "hidden_dim", "hidden_size", "d_model", "embedding_dim", "model_dim", "project_dim")
_OF_SEQUENCES = (*_STEPS[:-1], "num_heads", "num_attention_heads", "num_query_heads")


def sizes_of_rank(rank: int, last: Optional[int] = None, dtype: str = "") -> List[Sizes]:
    """Usual sizes for a rank, best first; [] for a rank that is not usual."""
    if rank == 2 and dtype in ("int32", "string", "bool"):
        return [(last or STEPS,)]
    if rank == 4 and last is None:
        return [(SIDE, SIDE, COLOURS), (SIDE, SIDE, FEATURES)]
    usual: Dict[int, Sizes] = {
        1: (),
        2: (last or FEATURES,),
        3: (STEPS, last or FEATURES),
        4: (SIDE, SIDE, last or COLOURS),
        5: (FRAMES, SIDE, SIDE, last or COLOURS),
    }
    return [usual[rank]] if rank in usual else []


def said_by_name(name: str) -> Tuple[Optional[int], str]:
    """Rank and dtype that the name of a tensor suggests; None and "" for a name that says nothing."""
    for words, rank, dtype in _TENSORS:
        if re.search(words, name, re.IGNORECASE):
            return rank, dtype
    return None, ""


def said_by_class(layer: Any) -> Optional[int]:
    """Rank that the class's name, or an attribute such as `num_heads`, suggests for its first input."""
    for words, rank in _CLASSES:
        if re.search(words, type(layer).__name__, re.IGNORECASE):
            return rank
    return 3 if any(_as_sizes(vars(layer).get(name)) for name in _OF_SEQUENCES) else None


def own_sizes(layer: Any, rank: int, last: Optional[int]) -> Sizes:
    """Sizes as the layer's own attributes name them; () when none does."""
    values = vars(layer)
    widths = _INPUTS if rank == 4 else (*_INPUTS, *_WIDTHS)
    said = next((size[0] for name in widths if len(size := _as_sizes(values.get(name))) == 1), None)
    usual = list(next(iter(sizes_of_rank(rank, last or said)), ()))
    names = {3: _STEPS, 4: _SIDES}.get(rank, ())
    held = next((size for name in names if (size := _as_sizes(values.get(name)))), ())
    if held and rank == 3:
        usual[0] = prod(held)
    elif held:
        sides = held * 2 if len(held) == 1 else held[:3]
        usual[: len(sides)] = sides
    return tuple(usual) if held or said else ()


def documented_sizes(
    layer: Any, sizes: Tuple[Size, ...], last: Optional[int], known: Dict[str, int]
) -> Sizes:
    """Numbers for named dimensions behind the batch axis; `known` keeps what a name meant before."""
    usual = next(iter(sizes_of_rank(len(sizes), last)), ())
    found = []
    for index, size in enumerate(sizes[1:]):
        if isinstance(size, int):
            found.append(max(size, 1))
            continue
        if size not in known:
            own = _as_sizes(getattr(layer, size, None)) if size.isidentifier() else ()
            is_last = index == len(sizes) - 2 and len(sizes) < 4
            said = next((n for words, n in _DIMENSIONS if re.search(words, size, re.IGNORECASE)), None)
            habit = usual[index] if index < len(usual) else STEPS
            known[size] = own[0] if len(own) == 1 else FEATURES if is_last else said or habit
        found.append(known[size])
    return (*found[:-1], last or found[-1]) if found else ()


def filled(sizes: Tuple[Optional[int], ...]) -> Sizes:
    """Open axes get usual sizes; of an image's sides both the same."""
    return tuple((SIDE if len(sizes) >= 3 else STEPS) if size is None else size for size in sizes)


def _as_sizes(value: Any) -> Sizes:
    """A size or some of them; () for anything else."""
    sizes = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return sizes if all(type(size) is int and 0 < size < MAX_SIZE for size in sizes) else ()
