"""What a tail is taught by: the teacher's embedding, and what the teacher still knows of a face's parts just before it."""

from __future__ import annotations

import torch
from torch import Tensor

from training.networks import Tail, Teacher, to_teacher

LATE_WEIGHT = 0.3  # of the late map's error beside the embedding's: both end at about the same size


def distances(tail: Tail, features: Tensor, targets: Tensor, teacher: Teacher, faces: Tensor) -> tuple[Tensor, Tensor]:
    """For each face, what is to become small: (cosine distance [batch] to the embedding in `targets`, weighted error [batch] of the late map).

    The embedding's target is the teacher's of the plain photo, whatever was done to `faces` [batch, 3, 112, 112]; the late map's target is
    what the teacher makes of those faces, 49 places of 128 channels: far more to learn from than one embedding.
    """
    with torch.no_grad():
        wanted = teacher.late_map(to_teacher(faces))
    late = tail.late_map(features)
    error = (late - wanted).float().square().mean(dim=(1, 2, 3)) / wanted.float().square().mean()
    return 1 - (tail.head(late) * targets).sum(1), LATE_WEIGHT * error
