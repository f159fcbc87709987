"""`make bench-neural`: the neural parts beside audiocraft's and transformers'. Never pass or fail.

python -m tools.bench_neural [encoder decoder onnx-decoder codec chain long windows fit]
"""

from __future__ import annotations

import sys
from importlib import import_module

PARTS = {
    "encoder": "bench_neural_encoder",
    "decoder": "bench_neural_decoder",
    "onnx-decoder": "bench_neural_onnx_decoder",
    "codec": "bench_neural_codec",
    "chain": "bench_neural_chain",
    "long": "bench_neural_long",
    "windows": "bench_windows",
    "fit": "bench_fit",
}


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    print(f"{'what':66} {'measured':>20}  target")
    for name in chosen:
        for what, measured, target in import_module(f".{PARTS[name]}", __package__).rows():
            print(f"{what:66} {measured:>20}  {target}", flush=True)


if __name__ == "__main__":
    main()
