"""Published folders of every form come in with every weight unchanged, or are refused with a sentence."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import checkpoints
from hitpoint.engine.errors import Cancelled, InputError, OptionError
from hitpoint.engine.models.card import ModelCard
from hitpoint.engine.models.codec_state import random_codec_state
from hitpoint.engine.models.config import STEREO_DELAYS, TextConfig
from hitpoint.engine.models.importing.model import Given, import_model
from hitpoint.engine.models.library import check, find, installed, models_dir, parts_dir
from hitpoint.engine.models.tiny import TINY_CODEC
from hitpoint.engine.models.weights import Tensors
from hitpoint.engine.progress import Cancel, Step

# One precision, and the one whose export needs no arithmetic: what is exported has tests of its own.
FP32 = ("fp32",)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints.read_in_process(monkeypatch)


def _import(source: Path, **given: Any) -> ModelCard:
    return import_model(source, Given(**{"precisions": FP32, **given}))


def _same(card: ModelCard, state: checkpoints.Arrays) -> None:
    stored = Tensors(find(card.name).folder / "weights.safetensors")
    assert set(stored) == set(state)
    assert all(np.array_equal(stored[name], state[name]) for name in state)


def test_a_published_gvmgen_folder_comes_in_whole_through_the_child(tmp_path: Path) -> None:
    config, state = checkpoints.write_gvmgen(tmp_path / "gv")
    told: list[Step] = []
    card = import_model(tmp_path / "gv", Given(precisions=FP32), progress=told.append)
    _same(card, state)
    codec = Tensors(find("gvmgen").folder / "codec.safetensors")
    wanted = random_codec_state(TINY_CODEC, 0)
    assert all(np.array_equal(codec[name], wanted[name]) for name in wanted)
    assert card.config == config
    assert card.name == "gvmgen"
    assert card.commercial is False
    assert card.weights_licence.startswith("CC-BY-NC")
    assert {"encoder-fp32.onnx", "temporal-fp32.onnx", "decoder-fp32.onnx", "codec-decode.onnx"} < set(
        card.files
    )
    assert check(find("gvmgen")) == ()
    assert told[-1].done == told[-1].total
    assert sorted(path.name for path in models_dir().iterdir() if path.is_dir()) == ["gvmgen"]


@pytest.mark.usefixtures("no_child")
class TestAudiocraftForm:
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision_is_cast_exactly(self, tmp_path: Path, dtype: torch.dtype) -> None:
        _, state = checkpoints.write_gvmgen(tmp_path / "gv", dtype=dtype)
        half = {name: torch.from_numpy(array).to(dtype).float().numpy() for name, array in state.items()}
        _same(_import(tmp_path / "gv"), half)

    def test_either_file_may_be_given(self, tmp_path: Path) -> None:
        _, state = checkpoints.write_gvmgen(tmp_path / "gv")
        _same(_import(tmp_path / "gv" / "state_dict.bin"), state)
        _same(_import(tmp_path / "gv" / "compression_state_dict.bin"), state)

    def test_stereo_is_eight_interleaved_codebooks(self, tmp_path: Path) -> None:
        config, state = checkpoints.write_gvmgen(tmp_path / "gv", stereo=True)
        card = _import(tmp_path / "gv")
        _same(card, state)
        assert card.config == config
        assert card.config.codec.channels == 2
        assert card.config.decoder.delays == STEREO_DELAYS

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ("missing", "lacks transformer.layers.1.linear2.weight"),
            ("many missing", "lacks 5 weights (linears."),
            ("over", "has other.weight, which a GVMGen has not"),
            ("shape", "wrong shape in out_norm.bias (3,) instead of (64,)"),
            ("picture side", "lacks a part of its picture side"),
            ("neither", "neither a GVMGen nor a text-conditioned MusicGen"),
            ("word", "transformer_lm.positional_embedding = rope, and only sin can be computed here"),
        ],
    )
    def test_a_checkpoint_with_a_fault_is_refused_by_name(
        self, tmp_path: Path, change: str, sentence: str
    ) -> None:
        checkpoints.write_gvmgen(tmp_path / "gv")
        path = tmp_path / "gv" / "state_dict.bin"
        package = torch.load(path, weights_only=True)
        state = package["best_state"]
        if change == "missing":
            del state["transformer.layers.1.linear2.weight"]
        elif change == "many missing":
            for name in ["out_norm.bias", *(f"linears.{k}.weight" for k in range(4))]:
                del state[name]
            sentence = "lacks 5 weights (out_norm.bias, linears.0.weight, linears.1.weight, ...)"
        elif change == "over":
            state["other.weight"] = torch.zeros(1)
        elif change == "shape":
            state["out_norm.bias"] = torch.zeros(3)
        elif change == "picture side":
            del state["condition_provider.conditioners.visual_content.clip.visual.conv1.weight"]
        elif change == "neither":
            package["best_state"] = {"weight": torch.zeros(3)}
        else:
            package["xp.cfg"] = package["xp.cfg"].replace(
                "positional_embedding: sin", "positional_embedding: rope"
            )
        torch.save(package, path)
        with pytest.raises(InputError) as error:
            _import(tmp_path / "gv")
        if change == "many missing":
            assert "lacks 5 weights (" in str(error.value)
        else:
            assert sentence in str(error.value)
        assert not [card for card in installed() if card.origin != "trained"]

    def test_a_codec_that_is_only_named_is_asked_for(self, tmp_path: Path) -> None:
        checkpoints.write_gvmgen(tmp_path / "gv", pointer=True)
        with pytest.raises(OptionError, match="models get encodec, or give its folder with --codec DIR"):
            _import(tmp_path / "gv")

    @pytest.mark.parametrize("place", ["given", "beside", "installed"])
    def test_a_codec_that_is_only_named_is_found(self, tmp_path: Path, place: str) -> None:
        checkpoints.write_gvmgen(tmp_path / "gv", pointer=True)
        folder = {
            "given": tmp_path / "my-codec",
            "beside": tmp_path / "encodec_32khz",
            "installed": parts_dir() / "encodec",
        }[place]
        checkpoints.write_encodec(folder)
        if place == "installed":
            (folder / "part.json").write_text("{}")
        card = _import(tmp_path / "gv", codec=folder if place == "given" else None)
        codec = Tensors(find(card.name).folder / "codec.safetensors")
        wanted = random_codec_state(TINY_CODEC, 0)
        assert all(np.array_equal(codec[name], wanted[name]) for name in wanted)

    def test_a_codec_of_another_size_is_refused(self, tmp_path: Path) -> None:
        from dataclasses import replace

        checkpoints.write_gvmgen(tmp_path / "gv")
        checkpoints.write_codec(tmp_path / "gv", replace(TINY_CODEC, codebooks=3))
        with pytest.raises(InputError, match="the codec has 3 codebooks of 2048"):
            _import(tmp_path / "gv")

    def test_the_name_of_a_codec_never_leads_anywhere(self, tmp_path: Path) -> None:
        checkpoints.write_gvmgen(tmp_path / "deep" / "gv", pointer=True)
        checkpoints.write_encodec(tmp_path / "elsewhere")
        named = {**checkpoints.POINTER, "pretrained": "../elsewhere"}
        checkpoints.save(tmp_path / "deep" / "gv" / "compression_state_dict.bin", named)
        with pytest.raises(OptionError, match="only names its codec"):
            _import(tmp_path / "deep" / "gv")

    def test_a_musicgen_export_takes_its_text_encoder_from_elsewhere(self, tmp_path: Path) -> None:
        _, state = checkpoints.write_musicgen(tmp_path / "mg")
        with pytest.raises(OptionError, match="models get t5-base"):
            _import(tmp_path / "mg")
        checkpoints.write_text(tmp_path / "t5")
        card = _import(tmp_path / "mg", text=tmp_path / "t5")
        _same(card, state)
        assert card.config.text == checkpoints.T5_SMALL
        assert card.name == "mg"
        assert card.commercial is None
        assert {"text-fp32.onnx", "tokenizer.json", "text.safetensors"} < set(card.files)

    def test_a_text_encoder_of_another_width_is_refused(self, tmp_path: Path) -> None:
        checkpoints.write_musicgen(tmp_path / "mg")
        checkpoints.write_text(
            tmp_path / "t5", TextConfig(dim=32, layers=1, heads=2, head_dim=8, feed_forward=8)
        )
        with pytest.raises(InputError, match="32 wide and 'mg' wants 512"):
            _import(tmp_path / "mg", text=tmp_path / "t5")

    def test_buffers_that_audiocraft_computes_are_left_out_of_a_melody_model(self, tmp_path: Path) -> None:
        checkpoints.write_musicgen(tmp_path / "mg", melody=True)
        checkpoints.write_text(tmp_path / "t5")
        card = _import(tmp_path / "mg", text=tmp_path / "t5")
        assert card.config.melody is not None
        assert not card.config.decoder.cross_attention

    def test_a_failed_import_leaves_the_model_that_was_there(self, tmp_path: Path) -> None:
        _, state = checkpoints.write_gvmgen(tmp_path / "gv")
        card = _import(tmp_path / "gv")

        def full(step: Step) -> None:
            if step.text.startswith("decoder"):
                raise OSError(28, "No space left on device")

        from hitpoint.engine.errors import OutputError

        with pytest.raises(OutputError, match="no space left"):
            import_model(tmp_path / "gv", Given(precisions=FP32), progress=full)
        _same(card, state)
        assert [path.name for path in models_dir().iterdir() if path.is_dir()] == ["gvmgen"]

    def test_a_cancel_leaves_nothing(self, tmp_path: Path) -> None:
        checkpoints.write_gvmgen(tmp_path / "gv")
        cancel = Cancel()

        def stop(step: Step) -> None:
            if step.text == "codec graphs":
                cancel.set()

        with pytest.raises(Cancelled):
            import_model(tmp_path / "gv", Given(precisions=FP32), progress=stop, cancel=cancel)
        assert [path for path in models_dir().iterdir() if path.is_dir()] == []

    def test_a_model_of_our_own_is_copied_after_its_hashes_were_compared(self, tmp_path: Path) -> None:
        _, state = checkpoints.write_gvmgen(tmp_path / "gv")
        _import(tmp_path / "gv")
        copied = _import(find("gvmgen").folder, name="second")
        _same(copied, state)
        weights = find("second").folder / "codec-decode.onnx"
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        weights.write_bytes(data)
        with pytest.raises(InputError, match=r"'codec-decode.onnx' of the model 'second' has changed"):
            _import(find("second").folder, name="third")

    def test_two_imports_at_once_are_refused(self, tmp_path: Path) -> None:
        from filelock import FileLock

        checkpoints.write_gvmgen(tmp_path / "gv")
        models_dir().mkdir(parents=True)
        with FileLock(models_dir() / ".lock"), pytest.raises(OptionError, match="another import is running"):
            _import(tmp_path / "gv")

    @pytest.mark.parametrize("name", ["Auto", "auto", "sketch", "../x", "con", "a b", "", "x" * 65, "a."])
    def test_a_name_that_means_something_else_is_refused(self, tmp_path: Path, name: str) -> None:
        checkpoints.write_gvmgen(tmp_path / "gv")
        with pytest.raises(OptionError, match="cannot be called"):
            import_model(tmp_path / "gv", Given(name=name or "-", precisions=FP32))


def _logits(folder: Path, card: ModelCard, codes: Any, memory: Any) -> Any:
    from hitpoint.engine.models.net.decoder import load_decoder

    decoder = load_decoder(card.config.decoder, Tensors(folder / "weights.safetensors"))
    with torch.no_grad():
        return decoder(codes, memory)


@pytest.mark.filterwarnings("ignore:.*pad_token_id.*")
class TestHuggingFace:
    @pytest.mark.parametrize("stereo", [False, True])
    def test_its_decoder_computes_the_same_logits(self, tmp_path: Path, stereo: bool) -> None:
        model = checkpoints.huggingface_musicgen(stereo=stereo)
        checkpoints.write_huggingface(tmp_path / "hf", model)
        card = _import(tmp_path / "hf")
        codebooks = card.config.decoder.codebooks
        assert card.config.codec.channels == (2 if stereo else 1)
        random = torch.Generator().manual_seed(1)
        codes = torch.randint(0, 2048, (1, codebooks, 9), generator=random)
        memory = torch.randn(1, 5, 64, generator=random)
        with torch.no_grad():
            theirs = model.decoder(
                codes.reshape(codebooks, 9),
                encoder_hidden_states=memory,
                encoder_attention_mask=torch.ones(1, 5),
            ).logits
        ours = _logits(find(card.name).folder, card, codes, memory)
        assert torch.abs(theirs.reshape(ours.shape) - ours).max() < 1e-4
        assert ours.std() > 0.1

    def test_text_encoder_codec_and_projection_come_from_inside(self, tmp_path: Path) -> None:
        model = checkpoints.huggingface_musicgen()
        checkpoints.write_huggingface(tmp_path / "hf", model)
        folder = find(_import(tmp_path / "hf").name).folder
        theirs = model.state_dict()
        weights = Tensors(folder / "weights.safetensors")
        projection = weights["condition_provider.conditioners.description.output_proj.weight"]
        assert np.array_equal(projection, theirs["enc_to_dec_proj.weight"])
        text = Tensors(folder / "text.safetensors")
        assert np.array_equal(text["shared.weight"], theirs["text_encoder.shared.weight"])
        codec = Tensors(folder / "codec.safetensors")
        name = "audio_encoder.encoder.layers.0.conv.parametrizations.weight.original1"
        assert np.array_equal(codec["encoder.layers.0.conv.weight_v"], theirs[name])

    def test_a_melody_model_has_a_prefix_and_no_cross_attention(self, tmp_path: Path) -> None:
        checkpoints.write_huggingface(tmp_path / "hf", checkpoints.huggingface_musicgen(melody=True))
        card = _import(tmp_path / "hf")
        assert card.config.melody is not None
        assert card.config.melody.duration_s == 30
        assert "temporal-fp32.onnx" not in card.files

    def test_shards_are_read_as_one(self, tmp_path: Path) -> None:
        model = checkpoints.huggingface_musicgen()
        checkpoints.write_huggingface(tmp_path / "whole", model)
        checkpoints.write_huggingface(tmp_path / "parts", model, max_shard_size="300KB")
        assert len(list((tmp_path / "parts").glob("model-*.safetensors"))) > 1
        whole = Tensors(find(_import(tmp_path / "whole").name).folder / "weights.safetensors")
        _same(_import(tmp_path / "parts"), whole)

    def test_a_shard_outside_the_folder_is_refused(self, tmp_path: Path) -> None:
        checkpoints.write_huggingface(tmp_path / "hf", checkpoints.huggingface_musicgen())
        (tmp_path / "hf" / "model.safetensors").rename(tmp_path / "model.safetensors")
        index = {"weight_map": {"emb": "../model.safetensors"}}
        (tmp_path / "hf" / "model.safetensors.index.json").write_text(json.dumps(index))
        with pytest.raises(InputError, match=r"lacks the file '../model.safetensors'"):
            _import(tmp_path / "hf")

    @pytest.mark.usefixtures("no_child")
    def test_a_folder_with_pickled_weights_alone_is_read(self, tmp_path: Path) -> None:
        model = checkpoints.huggingface_musicgen()
        checkpoints.write_huggingface(tmp_path / "pickled", model)
        (tmp_path / "pickled" / "model.safetensors").unlink()
        torch.save(
            {k: v.half() for k, v in model.state_dict().items()}, tmp_path / "pickled" / "pytorch_model.bin"
        )
        _import(tmp_path / "pickled")
        stored = Tensors(find("pickled").folder / "weights.safetensors")
        theirs = model.state_dict()["decoder.model.decoder.embed_tokens.0.weight"]
        assert np.array_equal(stored["emb.0.weight"], theirs.half().float())

    @pytest.mark.parametrize(
        ("place", "name", "value", "sentence"),
        [
            ("", "model_type", "bert", "a model of the type 'bert'"),
            ("audio_encoder", "use_causal_conv", True, "use_causal_conv = True"),
            ("audio_encoder", "norm_type", "time_group_norm", "norm_type = time_group_norm"),
            ("text_encoder", "feed_forward_proj", "gated-gelu", "gated T5"),
            ("decoder", "hidden_size", 63, "no MusicGen has"),
            ("decoder", "hidden_size", "many", "hidden_size = many"),
            ("decoder", "num_hidden_layers", 3, "lacks 12 weights"),
        ],
    )
    def test_a_description_that_does_not_fit_is_refused(
        self, tmp_path: Path, place: str, name: str, value: object, sentence: str
    ) -> None:
        checkpoints.write_huggingface(tmp_path / "hf", checkpoints.huggingface_musicgen())
        path = tmp_path / "hf" / "config.json"
        described = json.loads(path.read_text())
        (described[place] if place else described)[name] = value
        path.write_text(json.dumps(described))
        with pytest.raises(InputError) as error:
            _import(tmp_path / "hf")
        assert sentence in str(error.value)

    def test_a_folder_without_a_tokenizer_says_how_to_make_one(self, tmp_path: Path) -> None:
        checkpoints.write_huggingface(tmp_path / "hf", checkpoints.huggingface_musicgen())
        (tmp_path / "hf" / "tokenizer.json").unlink()
        with pytest.raises(InputError, match=r"has no tokenizer.json: get it again, or make one"):
            _import(tmp_path / "hf")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        _import(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds neither state_dict.bin nor a config.json"):
        _import(tmp_path / "empty")


def test_without_torch_the_command_that_installs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gv").mkdir()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"pip install 'hitpoint\[cpu,neural,export\]'"):
        _import(tmp_path / "gv")


def test_a_precision_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gv").mkdir()
    with pytest.raises(OptionError, match="--precision cannot be 'int4': choose fp32, fp16, int8"):
        _import(tmp_path / "gv", precisions=("int4",))
