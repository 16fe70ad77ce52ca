"""What kind of work a layer does, by the class that Keras offers: what a drawing gives one colour."""

from __future__ import annotations

import re

# The first that fits counts. Families follow the packages of Keras's own `layers`.
_FAMILIES = (
    ("input", r"InputLayer|Input"),
    ("wrapper", r"TimeDistributed|Wrapper|SpectralNormalization"),
    (
        "recurrent",
        r".*(LSTM|GRU)(Cell|V1|V2)?|SimpleRNN(Cell)?|RNN|StackedRNNCells|AbstractRNNCell|ConvLSTM.*|Bidirectional",
    ),
    ("preprocessing", r"Random.*|AugMix|AutoContrast|CenterCrop|CutMix|Equalization|MaxNumBoundingBoxes"),
    ("preprocessing", r"MixUp|RandAugment|Rescaling|Resizing|Solarization|Normalization|Discretization"),
    ("preprocessing", r"CategoryEncoding|Hashing|HashedCrossing|.*Lookup|TextVectorization|.*Spectrogram"),
    ("preprocessing", r"FeatureSpace|Pipeline|ContrastLimited.*|.*STFT.*"),
    ("norm", r".*Normalization"),
    ("embedding", r".*Embedding"),
    ("attention", r".*Attention"),
    ("conv", r".*Conv(olution)?[123]D(Transpose)?"),
    ("pooling", r".*Pool(ing)?[123]D|.*Pooling.*"),
    ("regularization", r".*Dropout([123]D)?|Gaussian.*|ActivityRegularization"),
    ("activation", r"Activation|ReLU|LeakyReLU|PReLU|ELU|Softmax|ThresholdedReLU"),
    ("merge", r"Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract"),
    (
        "shape",
        r"Flatten|Reshape|Permute|RepeatVector|Cropping[123]D|UpSampling[123]D|ZeroPadding[123]D|Masking|Identity",
    ),
    ("dense", r"Dense|EinsumDense|DenseFeatures|ReversibleEmbedding"),
    ("function", r"Lambda|TFOpLambda|SlicingOpLambda|InstanceProperty|InstanceMethod|TFSMLayer|.*Layer"),
)
_PATTERNS = tuple((family, re.compile(pattern)) for family, pattern in _FAMILIES)


def family(class_name: str) -> str:
    """Of a class of Keras's; "other" for one that fits nowhere."""
    return next((name for name, pattern in _PATTERNS if pattern.fullmatch(class_name)), "other")
