"""How to make each class of `keras.layers`, by what it is called on.

The classes of all versions and both Keras lines stand here together; one line a class.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Inputs:
    """Per-sample shapes of one call: one tensor, or a list of several."""

    shapes: tuple[tuple[int, ...], ...]
    dtype: str = "float32"

    def symbolic(self, lead: tuple[int, ...] = ()) -> list[str]:
        """Expressions for `keras.Input`s, with further axes in front of each shape."""
        return [f"keras.Input({lead + shape}, dtype={self.dtype!r})" for shape in self.shapes]

    def data(self) -> list[str]:
        if self.dtype == "string":
            return [f"numpy.full({(2, *shape)}, 'a')" for shape in self.shapes]
        return [f"numpy.zeros({(2, *shape)}, {self.dtype!r})" for shape in self.shapes]


NOTHING = Inputs(())
VECTOR = Inputs(((6,),))
SEQUENCE = Inputs(((10, 4),))
IMAGE = Inputs(((12, 12, 3),))
VOLUME = Inputs(((6, 6, 6, 2),))
TWO_VECTORS = Inputs(((6,), (6,)))
TWO_SEQUENCES = Inputs(((7, 4), (9, 4)))
VECTOR_AND_STATE = Inputs(((6,), (4,)))
INTEGERS = Inputs(((5,),), "int32")

RECIPES: dict[Inputs, str] = {
    VECTOR: """
        Activation("relu")
        ActivityRegularization(l1=0.1)
        AlphaDropout(0.2)
        BatchNormalization()
        Dense(4)
        Discretization(bin_boundaries=[0.0, 1.0])
        Dropout(0.2)
        ELU()
        Flatten()
        GaussianDropout(0.2)
        GaussianNoise(0.2)
        Identity()
        Lambda(lambda x: x * 2)
        Layer()
        LayerNormalization()
        LeakyReLU()
        Normalization(mean=1.0, variance=2.0)
        PReLU()
        Pipeline([keras.layers.Rescaling(2.0)])
        RMSNormalization()
        ReLU()
        RepeatVector(3)
        Rescaling(0.5)
        Reshape((2, 3))
        Softmax()
        ThresholdedReLU()
        UnitNormalization()
        Wrapper(keras.layers.Dense(4))
    """,
    SEQUENCE: """
        AdaptiveAveragePooling1D(2)
        AdaptiveMaxPooling1D(2)
        AveragePooling1D(2)
        AvgPool1D()
        Bidirectional(keras.layers.LSTM(3))
        Conv1D(4, 3)
        Conv1DTranspose(4, 3)
        Convolution1D(4, 3)
        Convolution1DTranspose(4, 3)
        Cropping1D(2)
        DepthwiseConv1D(3)
        EinsumDense("abc,cd->abd", output_shape=(None, 8), bias_axes="d")
        GRU(3)
        GlobalAveragePooling1D()
        GlobalAvgPool1D()
        GlobalMaxPool1D()
        GlobalMaxPooling1D()
        GroupNormalization(2)
        LSTM(3)
        LocallyConnected1D(4, 3)
        Masking()
        MaxPool1D()
        MaxPooling1D()
        Permute((2, 1))
        RNN(keras.layers.LSTMCell(3))
        SeparableConv1D(4, 3)
        SeparableConvolution1D(4, 3)
        SimpleRNN(3)
        SpatialDropout1D(0.2)
        TimeDistributed(keras.layers.Dense(3))
        UpSampling1D()
        ZeroPadding1D()
    """,
    IMAGE: """
        AdaptiveAveragePooling2D(2)
        AdaptiveMaxPooling2D(2)
        AugMix()
        AutoContrast()
        AveragePooling2D(2)
        AvgPool2D()
        CenterCrop(4, 4)
        ContrastLimitedAdaptiveHistogramEqualization()
        Conv2D(4, 3)
        Conv2DTranspose(4, 3)
        ConvLSTM1D(4, 3)
        Convolution2D(4, 3)
        Convolution2DTranspose(4, 3)
        Cropping2D(2)
        CutMix()
        DepthwiseConv2D(3)
        Equalization()
        GlobalAveragePooling2D()
        GlobalAvgPool2D()
        GlobalMaxPool2D()
        GlobalMaxPooling2D()
        LocallyConnected2D(4, 3)
        MaxPool2D()
        MaxPooling2D()
        MixUp()
        RandAugment()
        RandomBrightness(0.2)
        RandomColorDegeneration(0.2)
        RandomColorJitter()
        RandomContrast(0.2)
        RandomCrop(4, 4)
        RandomElasticTransform()
        RandomErasing()
        RandomFlip()
        RandomGaussianBlur()
        RandomGrayscale()
        RandomHeight(0.2, seed=1)
        RandomHue(0.2)
        RandomInvert()
        RandomPerspective()
        RandomPosterization(4)
        RandomRotation(0.2)
        RandomSaturation(0.2)
        RandomSharpness(0.2)
        RandomShear(0.2)
        RandomTranslation(0.2, 0.2)
        RandomWidth(0.2, seed=1)
        RandomZoom(0.2)
        Resizing(5, 5)
        SeparableConv2D(4, 3)
        SeparableConvolution2D(4, 3)
        Solarization()
        SpatialDropout2D(0.2)
        SpectralNormalization(keras.layers.Conv2D(4, 3))
        UpSampling2D()
        ZeroPadding2D()
    """,
    VOLUME: """
        AdaptiveAveragePooling3D(2)
        AdaptiveMaxPooling3D(2)
        AveragePooling3D(2)
        AvgPool3D()
        Conv3D(4, 3)
        Conv3DTranspose(4, 3)
        ConvLSTM2D(4, 3)
        Convolution3D(4, 3)
        Convolution3DTranspose(4, 3)
        Cropping3D(1)
        GlobalAveragePooling3D()
        GlobalAvgPool3D()
        GlobalMaxPool3D()
        GlobalMaxPooling3D()
        MaxPool3D()
        MaxPooling3D()
        SpatialDropout3D(0.2)
        UpSampling3D()
        ZeroPadding3D()
    """,
    Inputs(((4, 5, 5, 5, 2),)): """
        ConvLSTM3D(3, 3)
    """,
    Inputs(((1000,),)): """
        MelSpectrogram(num_mel_bins=8, sequence_length=64, sampling_rate=1000, fft_length=128)
        STFTSpectrogram(frame_length=32, frame_step=16, fft_length=64)
    """,
    INTEGERS: """
        CategoryEncoding(num_tokens=4)
        Embedding(10, 4)
        Hashing(8)
        IntegerLookup(vocabulary=[1, 2, 3])
        ReversibleEmbedding(10, 4)
    """,
    Inputs(((1,),), "string"): """
        StringLookup(vocabulary=["a", "b"])
        TextVectorization(output_sequence_length=4, vocabulary=["a", "b"])
    """,
    Inputs(((1,), (1,)), "int32"): """
        HashedCrossing(8)
    """,
    TWO_VECTORS: """
        Add()
        Average()
        Concatenate()
        Dot(axes=1)
        Maximum()
        Minimum()
        Multiply()
        Subtract()
    """,
    TWO_SEQUENCES: """
        AdditiveAttention()
        Attention()
    """,
    Inputs(((7, 8), (9, 8))): """
        GroupQueryAttention(4, 4, 2)
        MultiHeadAttention(2, 4)
    """,
    VECTOR_AND_STATE: """
        GRUCell(4)
        SimpleRNNCell(4)
    """,
    Inputs(((6,), (4,), (4,))): """
        LSTMCell(4)
        StackedRNNCells([keras.layers.GRUCell(4), keras.layers.GRUCell(4)])
    """,
    NOTHING: """
        AbstractRNNCell()
        DenseFeatures([])
        FlaxLayer(None)
        InputLayer((3,))
        JaxLayer(lambda inputs: inputs)
        MaxNumBoundingBoxes(10)
        TFSMLayer("nowhere")
        TorchModuleWrapper(None)
    """,
}

# Layers whose `call` takes each tensor as an argument of its own; cells take their states as a list.
SPREAD = frozenset({"MultiHeadAttention", "GroupQueryAttention"})
CELLS = frozenset({"GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"})


def by_class() -> dict[str, tuple[str, Inputs]]:
    """Class name to its constructor call and inputs."""
    found = {}
    for inputs, lines in RECIPES.items():
        for line in filter(None, map(str.strip, lines.splitlines())):
            found[line.partition("(")[0]] = (f"keras.layers.{line}", inputs)
    return found


def program(name: str, constructor: str, inputs: Inputs, on_data: bool) -> str:
    """A program that makes the layer, calls it on symbols and on data, and puts it into other layers."""
    lines = ["import keras", "import numpy", "", f"layer = {constructor}"]
    if inputs.shapes:
        lines += [
            f"output = layer({_arguments(name, inputs.symbolic())})",
        ]
    if on_data and inputs.shapes and name not in CELLS:  # tf-keras 2 takes no NumPy states
        lines += [
            f"eager = {constructor}",
            f"result = eager({_arguments(name, inputs.data())})",
        ]
    if len(inputs.shapes) == 1:
        lines += [
            f"model = keras.Sequential([{inputs.symbolic()[0]}, {constructor}])",
            f"unbuilt = keras.Sequential([{constructor}])",
            f"each = keras.layers.TimeDistributed({constructor})",
            f"outputs = each({inputs.symbolic((3,))[0]})",
        ]
    return "\n".join(lines) + "\n"


def _arguments(name: str, tensors: list[str]) -> str:
    if name in CELLS:
        return f"{tensors[0]}, [{', '.join(tensors[1:])}]"
    if len(tensors) == 1 or name in SPREAD:
        return ", ".join(tensors)
    return f"[{', '.join(tensors)}]"
