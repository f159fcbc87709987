"""Prompts on ONNX Runtime: T5 and projection as in torch, tokens and masks as in audiocraft's conditioner."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
tokenizers = pytest.importorskip("tokenizers")

from hitpoint.engine.errors import InputError  # noqa: E402
from hitpoint.engine.models.config import PRECISIONS, ModelConfig, Precision, TextConfig  # noqa: E402
from hitpoint.engine.models.graphs.text import export_text  # noqa: E402
from hitpoint.engine.models.net.t5 import load_text  # noqa: E402
from hitpoint.engine.models.runtime.text import TOKENIZER_FILE, PromptTokenizer, TextEncoder  # noqa: E402
from hitpoint.engine.models.state import TEXT, random_state, text_shapes  # noqa: E402
from hitpoint.engine.models.tiny import tiny_musicgen  # noqa: E402

# transformers and audiocraft import modules that torch deprecates.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore:.*weight_norm.* is deprecated:FutureWarning"
)

Floats = npt.NDArray[np.float32]

PROMPTS = [
    "warm strings, slow, hopeful",
    "driving drums",
    "a calm piano with soft strings under it, minor key, 70 bpm, no drums",
]
# Largest difference from float32, in parts of the memory's own spread.
LARGEST = {"fp32": 1e-4, "fp16": 5e-3, "int8": 0.2}


def random_text(config: TextConfig, seed: int) -> dict[str, Floats]:
    """Random weights whose queries are as small as T5's initialisation makes them: it never scales."""
    state = random_state(text_shapes(config), seed)
    small = np.float32(config.head_dim**-0.5)
    return {key: value * small if ".q." in key else value for key, value in state.items()}


def train_tokenizer(path: Path, vocabulary: int, *, ends: bool = True) -> None:
    """A small Unigram tokenizer with T5's special tokens and, as in T5's own file, an end after each text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=vocabulary,
        special_tokens=["<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(PROMPTS * 20, trainer)
    if ends:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="$A </s>", special_tokens=[("</s>", tokenizer.token_to_id("</s>"))]
        )
    # As in published folders: settings for other uses, which a prompt must not be subject to.
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=64)
    tokenizer.save(str(path))


def torch_memory(config: ModelConfig, folder: Path, state: dict[str, Floats]) -> tuple[Floats, Any]:
    assert config.text is not None
    network = load_text(config.text, random_text(config.text, 8))
    ids, mask = PromptTokenizer(folder / TOKENIZER_FILE).numbers(PROMPTS)
    hidden = network(torch.from_numpy(ids), torch.from_numpy(mask))
    weight, bias = (torch.from_numpy(state[f"{TEXT}output_proj.{part}"]) for part in ("weight", "bias"))
    memory = (hidden @ weight.T + bias) * torch.from_numpy(mask)[..., None]
    return memory.numpy(), mask


def export(config: ModelConfig, state: dict[str, Floats], folder: Path, precision: Precision) -> list[Path]:
    assert config.text is not None
    return export_text(config, random_text(config.text, 8), state, folder, precision)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelConfig, Path, dict[str, Floats]]:
    torch.set_num_threads(1)
    config, state = tiny_musicgen(4)
    folder = tmp_path_factory.mktemp("model")
    train_tokenizer(folder / TOKENIZER_FILE, 120)
    for precision in PRECISIONS:
        assert export(config, state, folder, precision) == [folder / f"text-{precision}.onnx"]
    return config, folder, state


def encoder(folder: Path, precision: Precision = "fp32") -> TextEncoder:
    return TextEncoder(folder, precision, device="cpu", threads=1)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_memory_is_that_of_torch(
    model: tuple[ModelConfig, Path, dict[str, Floats]], precision: Precision
) -> None:
    config, folder, state = model
    expected, expected_mask = torch_memory(config, folder, state)
    memory, mask = encoder(folder, precision).memory(PROMPTS)
    assert memory.dtype == np.float32 and mask.dtype == np.bool_
    assert np.array_equal(mask, expected_mask)
    assert np.abs(memory - expected).max() < LARGEST[precision] * expected[mask].std()


def test_padding_is_masked_and_changes_nothing(model: tuple[ModelConfig, Path, dict[str, Floats]]) -> None:
    folder = model[1]
    memory, mask = encoder(folder).memory(PROMPTS)
    assert not memory[~mask].any()
    for index, prompt in enumerate(PROMPTS):
        alone, all_real = encoder(folder).memory([prompt])
        assert all_real.all()
        assert np.abs(memory[index, : alone.shape[1]] - alone[0]).max() < 1e-5
    assert len({int(row.sum()) for row in mask}) > 1


def test_an_empty_prompt_is_the_null_condition(model: tuple[ModelConfig, Path, dict[str, Floats]]) -> None:
    memory, mask = encoder(model[1]).memory([""])
    assert memory.shape == (1, 1, model[0].decoder.dim)
    assert not memory.any() and not mask.any()


def test_memory_is_that_of_audiocrafts_conditioner(
    model: tuple[ModelConfig, Path, dict[str, Floats]],
) -> None:
    transformers = pytest.importorskip("transformers")
    if importlib.util.find_spec("audiocraft") is None:
        pytest.skip("audiocraft is not installed")
    from hitpoint.engine.models.generate.audiocraft_standins import audiocraft_imports

    config, folder, state = model
    assert config.text is not None
    with audiocraft_imports():
        from audiocraft.modules.conditioners import T5Conditioner
        from audiocraft.utils.autocast import TorchAutocast

        # Its constructor would fetch T5 from the hub.
        theirs = T5Conditioner.__new__(T5Conditioner)
        torch.nn.Module.__init__(theirs)
    theirs.device, theirs.finetune, theirs.normalize_text, theirs.word_dropout = "cpu", False, False, 0.0
    theirs.autocast = TorchAutocast(enabled=False)
    theirs.t5_tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / TOKENIZER_FILE), pad_token="<pad>", eos_token="</s>"
    )
    theirs.t5_tokenizer.backend_tokenizer.no_truncation()
    network = load_text(config.text, random_text(config.text, 8))

    def t5(input_ids: Any, attention_mask: Any, **_: Any) -> Any:
        return SimpleNamespace(last_hidden_state=network(input_ids, attention_mask))

    theirs.t5 = t5
    theirs.output_proj = torch.nn.Linear(config.text.dim, config.decoder.dim)
    theirs.output_proj.load_state_dict(
        {part: torch.from_numpy(state[f"{TEXT}output_proj.{part}"]) for part in ("weight", "bias")}
    )
    prompts = [PROMPTS[1], "", PROMPTS[0]]
    with torch.no_grad():
        expected, expected_mask = theirs(theirs.tokenize([PROMPTS[1], None, PROMPTS[0]]))
    memory, mask = encoder(folder).memory(prompts)
    assert np.array_equal(mask, expected_mask.numpy().astype(bool))
    assert np.abs(memory - expected.numpy()).max() < 1e-4


def test_every_prompt_ends_once_and_is_never_cut(tmp_path: Path) -> None:
    for ends in (True, False):
        train_tokenizer(tmp_path / TOKENIZER_FILE, 120, ends=ends)
        tokenizer = PromptTokenizer(tmp_path / TOKENIZER_FILE)
        end = tokenizers.Tokenizer.from_file(str(tmp_path / TOKENIZER_FILE)).token_to_id("</s>")
        ids, mask = tokenizer.numbers(PROMPTS)
        assert mask.sum(axis=1).max() > 10
        for row, real in zip(ids, mask, strict=True):
            assert row[real][-1] == end
            assert (row == end).sum() == 1


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / TOKENIZER_FILE
    for text, said in (("{", "JSON"), ("[]", "vocabulary"), ('{"model": {}}', "vocabulary")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=said):
            PromptTokenizer(path)
    train_tokenizer(path, 120)
    table = json.loads(path.read_text(encoding="utf-8").replace("</s>", "<end>"))
    path.write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(InputError, match="</s>"):
        PromptTokenizer(path)
    train_tokenizer(path, 120)
    with pytest.raises(InputError, match=r"text-int8\.onnx"):
        encoder(tmp_path, "int8").memory(["a"])


@pytest.mark.heavy
def test_the_published_size_is_that_of_torch(tmp_path: Path) -> None:
    config, _ = tiny_musicgen(4)
    config = ModelConfig("musicgen", config.decoder, config.codec, text=TextConfig())
    projection = {f"{TEXT}output_proj.weight": (64, 768), f"{TEXT}output_proj.bias": (64,)}
    state = random_state(projection, 1)
    train_tokenizer(tmp_path / TOKENIZER_FILE, 300)
    expected, mask = torch_memory(config, tmp_path, state)
    for precision in PRECISIONS:
        export(config, state, tmp_path, precision)
        memory, _ = encoder(tmp_path, precision).memory(PROMPTS)
        cosine = (memory[mask] * expected[mask]).sum(1) / (
            np.linalg.norm(memory[mask], axis=1) * np.linalg.norm(expected[mask], axis=1)
        )
        difference = np.abs(memory - expected).max() / expected[mask].std()
        size = (tmp_path / f"text-{precision}.onnx").stat().st_size / 1e6
        print(f"text {precision}: difference {difference:.2e}, cosine {cosine.min():.5f}, {size:.0f} MB")
        assert difference < LARGEST[precision]
