"""Maps the four folders to the namespace package `hitpoint`; what it is called is in manifest.json."""

import json
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
MANIFEST = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
FOLDERS = ("engine", "export", "plugin", "ui")


class BuildWithManifest(build_py):
    """An installed wheel has no project root, so the manifest travels inside `hitpoint.engine`."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "hitpoint" / "engine" / "manifest.json"
            shutil.copyfile(ROOT / "manifest.json", target)


# What a machine needs to run a converted model: no torch.
RUN = [
    "tokenizers>=0.22",
    "safetensors>=0.6",
    "pyyaml>=6.0.2",
    "librosa>=0.11",
    "python-stretch>=0.3.1",
]

packages = [f"hitpoint.{folder}" for folder in FOLDERS]
packages += [f"hitpoint.{folder}.{name}" for folder in FOLDERS for name in find_packages(folder)]

setup(
    name=MANIFEST["id"],
    version=MANIFEST["version"],
    description=MANIFEST["tagline"],
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="GPL-3.0-or-later",
    python_requires=MANIFEST["python"],
    packages=packages,
    package_dir={f"hitpoint.{folder}": folder for folder in FOLDERS},
    package_data={
        "hitpoint.engine": ["py.typed", "styles/*.toml"],
        "hitpoint.engine.models": ["bundled/gvmgen-nano/*"],
        "hitpoint.engine.sketch": ["sounds/*"],
        "hitpoint.engine.train": ["recipes/*.toml"],
        "hitpoint.export": ["py.typed"],
        "hitpoint.plugin": ["py.typed"],
        "hitpoint.plugin.hosts.blender": ["blender_manifest.toml"],
        "hitpoint.ui": ["py.typed"],
    },
    install_requires=[
        "numpy>=2.0,<3",
        "scipy>=1.13",
        "soundfile>=0.14",
        "soxr>=1.1",
        "pyloudnorm>=0.2",
        "av>=18.1,<19",  # PyAV 2344 and CVE-2026-8461 are fixed from 18.1
        "pillow>=11",
        "matplotlib>=3.9",
        "defusedxml>=0.7.1",
        "rich>=13.9",
        "mido>=1.3.3",
        "opentimelineio>=0.18.1,<0.19",
        "opentimelineio-plugins>=0.18.1,<0.19",
        "scenedetect-headless>=0.7",  # plain `scenedetect` brings the GUI OpenCV, which breaks Qt
        "webrtcvad-wheels>=2.0.14",
        "filelock>=4.2",  # CVE-2025-68146, CVE-2026-22701; from 4.2 it sees that its file was removed
        "psutil>=7",
    ],
    extras_require={
        # [cpu] and [gpu] exclude each other: both packages install the module `onnxruntime`.
        "cpu": ["onnxruntime>=1.31,<2", *RUN],
        "gpu": ["onnxruntime-gpu[cuda,cudnn]>=1.31,<2", *RUN],
        "panel": ["PyQt6>=6.11,<7"],
        "neural": ["torch>=2.13"],
        "export": ["onnx>=1.23,<2"],
        "stems": ["demucs>=4.1"],
        "evaluate": ["librosa>=0.11", "pystoi>=0.4.1"],
        "hf": ["transformers>=5.23,<6"],
        # Then: pip install --no-deps audiocraft==1.3.0, whose own pins resolve beside nothing current.
        "audiocraft-compat": [
            "einops>=0.8",
            "julius>=0.2.7",
            "omegaconf>=2.3",
            "flashy>=0.0.2",
            "huggingface_hub>=0.34",
            "tqdm>=4.66",
            "transformers>=5.23,<6",
        ],
        "dev": [
            "pytest>=8",
            "pytest-xdist>=3.8",
            "hypothesis>=6.100",
            "ruff>=0.8",
            "mypy>=1.13",
            "import-linter>=2.1",
            "librosa>=0.11",
            "mir_eval>=0.8.2",
            "pystoi>=0.4.1",
            "wavinfo>=4.0",
            "otio-fcpx-xml-adapter>=1.0",
            "otio-mlt-adapter>=0.3",
            "pytest-qt>=4.5",
        ],
    },
    entry_points={"console_scripts": ["hitpoint = hitpoint.plugin.cli:main"]},
    cmdclass={"build_py": BuildWithManifest},
    zip_safe=False,
)
