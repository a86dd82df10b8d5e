"""Fits a classifier with Lightning: the module, what watches the training, and the loop."""

from __future__ import annotations

import contextlib
import io
import logging
import math
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightning
import torch
import torch.nn.functional as F
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch import Tensor, nn

from cactiviz.errors import CactivizError, DataError, WeightsError
from cactiviz.files import whole_file
from cactiviz.training.run import Recipe
from cactiviz.training.tiles import Batches
from cactiviz.types import Cancel, Report


class Classifier(lightning.LightningModule):
    """A one-logit network, its loss and its optimiser.

    Args:
        network: (B, 3, H, W) -> logits (B, 1).
        recipe: Hyperparameters.
        steps: Steps of all epochs together.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, steps: int) -> None:
        super().__init__()
        self.network = network
        self._recipe = recipe
        self._steps = steps

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Binary cross-entropy of a batch."""
        pictures, labels = batch
        # Dropout's chance by the step alone, so that a resumed run equals one in a single go.
        torch.manual_seed(self._recipe.seed * 1_000_003 + self.global_step)
        logits = self.network(pictures.contiguous(memory_format=torch.channels_last))[:, 0]
        return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))

    def configure_optimizers(self) -> Any:
        """AdamW on one cycle; no decay on what has one dimension."""
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": self._recipe.weight_decay},
                {"params": plain, "weight_decay": 0.0},
            ],
            lr=self._recipe.learning_rate,
        )
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self._recipe.learning_rate, total_steps=self._steps
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}


class Watch(Callback):
    """Reports, stops on request, and measures.

    Args:
        steps: Steps of all epochs together.
        steps_an_epoch: Steps of one epoch.
        report: Called with the epoch, the steps done and the total.
        cancel: Checked after each step.
        clock: Monotonic clock in seconds.

    Attributes:
        steps: Of all epochs together.
        started: Whether the checkpoint, if any, was read, and the steps began.
        done: Steps done, with those of earlier runs; known at the end.
        steps_here: Steps done in this run.
        waited: Seconds spent waiting for pictures, a part of
        seconds: which are those from the first step's beginning to the last one's end.
    """

    def __init__(
        self,
        steps: int,
        steps_an_epoch: int,
        report: Report | None,
        cancel: Cancel | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.steps = steps
        self._an_epoch = steps_an_epoch
        self._report = report
        self._cancel = cancel
        self._clock = clock
        self._asked = 0.0  # when the last step ended, and the next batch was asked for
        self._began = 0.0
        self._terminate = signal.getsignal(signal.SIGTERM)
        self.started = False
        self.done = 0
        self.steps_here = 0
        self.waited = 0.0
        self.seconds = 0.0

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """The clock runs; and SIGTERM is taken back from Lightning, which would end the run.

        The beginning of the first epoch would be too late for the clock: a run that goes on within
        an epoch has none.
        """
        self.started = True
        self._began = self._asked = self._clock()
        if threading.current_thread() is threading.main_thread() and self._terminate is not None:
            signal.signal(signal.SIGTERM, self._terminate)

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """What was between two epochs was no waiting for pictures."""
        self._asked = self._clock()

    def on_train_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        """End of the wait for a batch."""
        self.waited += self._clock() - self._asked

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """A step ended: report, and stop if asked to."""
        self._asked = self._clock()
        self.steps_here += 1
        self.seconds = self._asked - self._began
        done, loss = trainer.global_step, float(outputs["loss"])
        if not math.isfinite(loss):
            raise WeightsError(
                "The loss became infinite; name another folder and a lower learning rate."
            )
        if self._report is not None:
            epochs = f"{(done - 1) // self._an_epoch + 1} of {self.steps // self._an_epoch}"
            self._report(f"Epoch {epochs}, loss {loss:.3f}", done, self.steps)
        if self._cancel is not None and self._cancel.is_set():
            trainer.should_stop = True


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
