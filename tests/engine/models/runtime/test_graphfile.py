"""Graphs are run from bytes that were looked at: hostile ones are refused in a sentence."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import InputError
from hitpoint.engine.models.library import bundled_dir
from hitpoint.engine.models.runtime.graphfile import read_graph
from hitpoint.engine.models.runtime.session import open_session

onnx = pytest.importorskip("onnx")
helper = pytest.importorskip("onnx.helper")

FLOAT = 1


def graph(*nodes: Any, weights: tuple[Any, ...] = (), domains: tuple[str, ...] = ("",)) -> Any:
    """A model that takes x, float32 [2], and gives y."""
    value = [helper.make_tensor_value_info(name, FLOAT, [2]) for name in ("x", "y")]
    made = helper.make_graph(list(nodes), "graph", value[:1], value[1:], list(weights))
    opsets = [helper.make_opsetid(domain, 20 if not domain else 1) for domain in domains]
    return helper.make_model(made, opset_imports=opsets, ir_version=9)


def add(weight: str = "w", **more: Any) -> Any:
    return helper.make_node("Add", ["x", weight], ["y"], **more)


def weight(name: str = "w") -> Any:
    return helper.make_tensor(name, FLOAT, [2], np.ones(2, np.float32).tobytes(), raw=True)


def outside(location: str, name: str = "w") -> Any:
    tensor = onnx.TensorProto(name=name, data_type=FLOAT, dims=[2], data_location=1)
    tensor.external_data.add(key="location", value=location)
    return tensor


def stored(folder: Path, model: Any) -> Path:
    path = folder / "graph.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_a_plain_graph_runs(tmp_path: Path) -> None:
    session = open_session(stored(tmp_path, graph(add(), weights=(weight(),))), device="cpu", threads=1)
    (found,) = session.run(None, {"x": np.float32([1, 2])})
    assert found.tolist() == [2, 3]


@pytest.mark.parametrize("place", ["secret.bin", "../secret.bin", "/etc/hostname", "*/_ORT_MEM_ADDR_/*"])
@pytest.mark.parametrize("link", ["", "hard", "soft"])
def test_weights_in_another_file_are_refused(tmp_path: Path, place: str, link: str) -> None:
    (tmp_path / "elsewhere").write_bytes(np.ones(2, np.float32).tobytes())
    if link:
        (os.link if link == "hard" else os.symlink)(tmp_path / "elsewhere", tmp_path / "secret.bin")
    path = stored(tmp_path, graph(add(), weights=(outside(place),)))
    with pytest.raises(InputError, match=r"'graph.onnx' .* takes the weight 'w' from another file"):
        open_session(path, device="cpu")


def test_weights_in_the_constants_and_branches_of_a_graph_are_refused_too(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["w"], value=outside("secret.bin", ""))
    inner = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["z"])],
        "branch",
        [],
        [helper.make_tensor_value_info("z", FLOAT, [2])],
        [outside("secret.bin")],
    )
    branch = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    for nodes in ((constant, add()), (branch,)):
        with pytest.raises(InputError, match="from another file"):
            # Those of that name in memory are the outer graph's.
            read_graph(stored(tmp_path, graph(*nodes)), {"w", ""} if nodes == (branch,) else ())


@pytest.mark.parametrize(
    ("domain", "operator", "said"),
    [
        ("ai.onnx.ml", "Scaler", "custom operators"),
        ("ai.onnx.contrib", "PythonOp", "custom operators"),
        ("evil", "Add", "custom operators"),
        ("com.microsoft", "Unique", "operator 'Unique'"),
    ],
)
def test_operators_that_no_model_of_ours_has_are_refused(
    tmp_path: Path, domain: str, operator: str, said: str
) -> None:
    node = helper.make_node(operator, ["x"], ["y"], domain=domain)
    with pytest.raises(InputError, match=said):
        open_session(stored(tmp_path, graph(node, domains=("", domain))), device="cpu")
    with pytest.raises(InputError, match=said):
        read_graph(stored(tmp_path, graph(node)), ())


def test_operators_that_a_graph_defines_itself_are_refused(tmp_path: Path) -> None:
    model = graph(add(), weights=(weight(),))
    model.functions.add(name="Own", domain="")
    with pytest.raises(InputError, match="operators of its own"):
        open_session(stored(tmp_path, model), device="cpu")


@pytest.mark.skipif(os.name != "posix", reason="links need rights there")
@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_graph_that_is_a_link_is_refused(tmp_path: Path, link: Any) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "model").mkdir()
    real = stored(tmp_path / "there", graph(add(), weights=(weight(),)))
    link(real, tmp_path / "model" / "graph.onnx")
    with pytest.raises(InputError, match=r"'graph.onnx' of the model 'model' is a link"):
        open_session(tmp_path / "model" / "graph.onnx", device="cpu")


@pytest.mark.skipif(os.name != "posix", reason="there are no such files there")
def test_a_pipe_for_a_graph_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "graph.onnx")
    with pytest.raises(InputError, match="is damaged"):
        open_session(tmp_path / "graph.onnx", device="cpu")


def test_a_graph_other_than_the_one_imported_is_refused(tmp_path: Path) -> None:
    home = bundled_dir() / "gvmgen-nano"
    for name in ("model.json", "temporal-fp32.onnx"):
        shutil.copy(home / name, tmp_path)
    path = tmp_path / "temporal-fp32.onnx"
    open_session(path, device="cpu", threads=1)
    # Whole and harmless, but not this model's.
    path.write_bytes(graph(add(), weights=(weight(),)).SerializeToString())
    with pytest.raises(InputError, match="has changed since it was imported"):
        open_session(path, device="cpu")
    card = json.loads((tmp_path / "model.json").read_text())
    assert "temporal-fp32.onnx" in card["files"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_broken_bytes_are_read_or_refused_in_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(graph(add(), weights=(weight(),)).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "graph.onnx").write_bytes(bytes(whole))
    try:
        read_graph(tmp_path / "graph.onnx", ())
    except InputError as error:
        assert "'graph.onnx'" in str(error) and "import the model again" in str(error)
