"""The numeric type codes of GGUF: for metadata values, tensor elements, and whole files.

They come from the format's specification (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) and from ggml's
enumerations.
"""

from __future__ import annotations

from dataclasses import dataclass

VALUE_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""The ``struct`` formats of metadata value types with a fixed size."""

STRING = 8
ARRAY = 9


@dataclass(frozen=True, slots=True)
class Quantization:
    """An element type: ``block_elements`` elements are stored together in ``block_size`` bytes."""

    name: str
    block_elements: int
    block_size: int


QUANTIZATIONS = {
    0: Quantization("F32", 1, 4),
    1: Quantization("F16", 1, 2),
    2: Quantization("Q4_0", 32, 18),
    3: Quantization("Q4_1", 32, 20),
    6: Quantization("Q5_0", 32, 22),
    7: Quantization("Q5_1", 32, 24),
    8: Quantization("Q8_0", 32, 34),
    9: Quantization("Q8_1", 32, 36),
    10: Quantization("Q2_K", 256, 84),
    11: Quantization("Q3_K", 256, 110),
    12: Quantization("Q4_K", 256, 144),
    13: Quantization("Q5_K", 256, 176),
    14: Quantization("Q6_K", 256, 210),
    15: Quantization("Q8_K", 256, 292),
    16: Quantization("IQ2_XXS", 256, 66),
    17: Quantization("IQ2_XS", 256, 74),
    18: Quantization("IQ3_XXS", 256, 98),
    19: Quantization("IQ1_S", 256, 50),
    20: Quantization("IQ4_NL", 32, 18),
    21: Quantization("IQ3_S", 256, 110),
    22: Quantization("IQ2_S", 256, 82),
    23: Quantization("IQ4_XS", 256, 136),
    24: Quantization("I8", 1, 1),
    25: Quantization("I16", 1, 2),
    26: Quantization("I32", 1, 4),
    27: Quantization("I64", 1, 8),
    28: Quantization("F64", 1, 8),
    29: Quantization("IQ1_M", 256, 56),
    30: Quantization("BF16", 1, 2),
    34: Quantization("TQ1_0", 256, 54),
    35: Quantization("TQ2_0", 256, 66),
    39: Quantization("MXFP4", 32, 17),
    40: Quantization("NVFP4", 64, 36),
    41: Quantization("Q1_0", 128, 18),
}
"""The layouts of ggml. Tools disagree about the size of Q8_1; this is the smaller one.

New types are added every year. An unknown code has no size to check, and is no reason to refuse a file.
"""

FILE_TYPES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4",
    39: "NVFP4",
    40: "Q1_0",
}
"""``general.file_type``: the quantization of most of the file."""
