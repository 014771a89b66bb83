"""What arrays hold, for type checkers."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
"""Of texts: shape (texts, dimensions), mostly."""
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]
