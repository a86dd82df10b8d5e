"""Runs Lightning's training loop, quietly, with atomic checkpoints."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint

from cactiviz.errors import CactivizError, DataError, WeightsError
from cactiviz.files import whole_file
from cactiviz.training.batches import Batches
from cactiviz.training.callbacks import Watch
from cactiviz.training.module import Classifier


def fit(
    module: Classifier,
    batches: Batches,
    checkpoint: Path,
    where: torch.device,
    watch: Watch,
    checkpoint_every: int,
) -> None:
    """Train from the checkpoint, or from the start if there is none.

    Args:
        module: Changed in place.
        batches: An epoch each time it is iterated.
        checkpoint: The file that is gone on from, and written every so many steps and at the end.
        where: The device.
        watch: Told of each step, and ends the work; knows afterwards how many steps were done.
        checkpoint_every: So many.

    Raises:
        DataError: More steps are done than there are.
        OutputError: The checkpoint can't be written.
        WeightsError: The checkpoint is damaged, or the loss became infinite.
    """
    keep = ModelCheckpoint(
        dirpath=checkpoint.parent,
        filename=checkpoint.stem,
        every_n_train_steps=checkpoint_every,
        enable_version_counter=False,
    )
    before = checkpoint if checkpoint.exists() else None
    with _quiet():
        trainer = lightning.Trainer(
            accelerator="gpu" if where.type == "cuda" else "cpu",
            devices=1,
            max_epochs=-1,
            max_steps=watch.steps,  # Lightning counts an epoch that was interrupted as one
            callbacks=[watch, keep],
            plugins=[_WholeFiles()],
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=checkpoint.parent,
        )
        try:
            trainer.fit(module, batches, ckpt_path=before, weights_only=True)
            if watch.steps_here:
                trainer.save_checkpoint(checkpoint)
        except SystemExit as stop:  # what Lightning makes of an interrupt
            raise KeyboardInterrupt from stop
        except (CactivizError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # a damaged file can raise anything in a reader
            if watch.started or before is None:
                raise
            raise WeightsError(f"The checkpoint {before} is damaged; delete it.") from error
    watch.done = trainer.global_step
    if watch.done > watch.steps:
        raise DataError(
            f"The run has done {watch.done} steps, and the pictures that can be read now make only "
            f"{watch.steps}; bring back those it learnt from, or name another folder."
        )


class _WholeFiles(TorchCheckpointIO):
    """Writes beside the file, then renames: Lightning's own way copies from another file system."""

    def save_checkpoint(self, checkpoint: Any, path: Any, storage_options: Any = None) -> None:
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        with whole_file(path) as file:
            file.write(buffer.getbuffer())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Lightning's advice to people who program."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
