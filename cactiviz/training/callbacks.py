"""Lightning callback for progress, cancellation and timing."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from lightning.pytorch.callbacks import Callback

from cactiviz.errors import WeightsError
from cactiviz.types import Cancel, Report


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
