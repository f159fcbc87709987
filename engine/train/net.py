"""GVMGen as it is trained: pictures' encoder and decoder under the published names, and labels to help it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models.config import ModelConfig
from ..models.net.decoder import MusicDecoder
from ..models.net.visual import VisualEncoder
from ..models.state import VISUAL, model_shapes
from ..models.visual.transform import DEVIATION, MEAN

# Classes of each label: mode, register, kind of motion (dataset.Item).
LABELS = (2, 2, 3)


class PictureLearner(nn.Module):
    """The encoder with a linear reader of each label on the mean of its memory.

    The readers are for training alone: through tokens the encoder would learn the same, slowly.
    """

    def __init__(self, config: ModelConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.encoder = VisualEncoder(config)
        self.encoder.initialise(generator)
        dim = config.decoder.dim
        self.readers = nn.ModuleList(nn.Linear(dim, count) for count in LABELS)
        with torch.no_grad():
            for weight in self.readers.parameters():
                weight.normal_(0, 0.02, generator=generator)

    def rows(self, pictures: Tensor) -> Tensor:
        """Memory [B,N,D] without times, of uint8 pictures [B,N,H,W,3]."""
        mean = torch.from_numpy(MEAN).to(pictures.device)
        deviation = torch.from_numpy(DEVIATION).to(pictures.device)
        scaled = (pictures.float() / 255 - mean) / deviation
        out: Tensor = self.encoder(scaled.permute(0, 1, 4, 2, 3))
        return out

    def label_loss(self, rows: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the labels read from the mean of `rows` [B,N,D], and the share read right."""
        mean = rows.float().mean(dim=1)
        losses, right = [], []
        for index, reader in enumerate(self.readers):
            scores = reader(mean)
            losses.append(F.cross_entropy(scores, labels[:, index]))
            right.append((scores.argmax(dim=-1) == labels[:, index]).float().mean())
        return torch.stack(losses).mean(), torch.stack(right).mean().detach()


class Generator(nn.Module):
    """Encoder and decoder. `plan_proj` of the decoder is there when the configuration has plan channels."""

    def __init__(self, config: ModelConfig, pictures: PictureLearner, generator: torch.Generator) -> None:
        super().__init__()
        self.config = config
        self.pictures = pictures
        self.decoder = MusicDecoder(config.decoder)
        self.decoder.initialise(generator)
        with torch.no_grad():
            # MusicGen's own start leaves the tokens at a sixth of the positions they are added to, and a
            # short training does not make that up: here their sum is as large. Tokens often repeat: heads
            # that start as the embeddings already say "the same again" through the residual stream.
            for table, head in zip(self.decoder.emb, self.decoder.linears, strict=True):
                assert isinstance(table, nn.Embedding) and isinstance(head, nn.Linear)
                head.weight.copy_(table.weight[: config.decoder.cardinality])
                table.weight.mul_((config.decoder.dim / config.decoder.codebooks) ** 0.5)

    def forward(
        self, fed: Tensor, pictures: Tensor, times: Tensor, seen: Tensor, plan: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Logits [B,K,S,cardinality] and the memory's rows [B,N,D]; arguments as in `batches.Batch`."""
        rows = self.pictures.rows(pictures)
        memory = self.pictures.encoder.timed(rows, times)
        logits: Tensor = self.decoder(fed, memory, seen, plan=plan)
        return logits, rows


def state_of(generator: Generator) -> dict[str, npt.NDArray[np.float32]]:
    """The model's flat state in the published names, float32; what only helped in training is left out."""
    flat: Mapping[str, Tensor] = {
        **{f"{VISUAL}{name}": weight for name, weight in generator.pictures.encoder.state_dict().items()},
        **generator.decoder.state_dict(),
    }
    return {name: flat[name].detach().float().cpu().numpy() for name in model_shapes(generator.config)}
