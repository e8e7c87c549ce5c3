"""TensorBoard: logs training to event files. How these are written is in `event_files.py` and `event_values.py`."""

from __future__ import annotations

import os
import time
from typing import Any

from ..errors import ArgumentError, message
from .callback import Callback, Logs
from .event_files import EventWriter, string_tensor
from .event_values import histogram, weight_images
from .learning_rate import optimizers_of


class TensorBoard(Callback):
    """Writes losses, metrics, learning rates and weights for TensorBoard, into `log_dir`/train and `log_dir`/validation.

    Args: `histogram_freq`: epochs between histograms of the weights, 0 for none; `write_graph`: the model's layers; `write_images`: the
    weights as images, with the histograms; `write_steps_per_second`; `update_freq`: "epoch", "batch" or batches between values of
    batches; `profile_batch`: 0, there is no profile; `embeddings_freq`, `embeddings_metadata`: weights for the projector, a file
    name or a dict of them by layer. Needs neither TensorFlow nor TensorBoard. Raises ArgumentError for wrong values.
    Keras's TensorBoard.
    """

    def __init__(
        self, log_dir: Any = "logs", histogram_freq: int = 0, write_graph: bool = True, write_images: bool = False,
        write_steps_per_second: bool = False, update_freq: Any = "epoch", profile_batch: Any = 0, embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ):  # fmt: skip
        super().__init__()
        if profile_batch:
            raise ArgumentError(message("TensorBoard", "profile_batch 0", repr(profile_batch), "There is no profile; see tw.profile."))
        self.log_dir, self.histogram_freq = os.fspath(log_dir), histogram_freq
        self.write_graph, self.write_images = write_graph, write_images
        self.write_steps_per_second, self.update_freq = write_steps_per_second, 1 if update_freq == "batch" else update_freq
        self.embeddings_freq, self.embeddings_metadata = embeddings_freq, embeddings_metadata
        self._global_train_batch, self._in_test = 0, False
        self._writers: dict[str, EventWriter] = {}
        self._began = self._batch_began = 0.0
        self._steps_before = 0

    def set_model(self, model: Any) -> None:
        """Take the model, and write its layers."""
        self._model = model
        self._close()
        if self.write_graph:
            self._write_layers()
        if self.embeddings_freq:
            self._describe_embeddings()

    def _writer(self, name: str) -> EventWriter:
        if name not in self._writers:
            self._writers[name] = EventWriter(os.path.join(self.log_dir, name))
        return self._writers[name]

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    # --- hooks ---

    @property
    def wants_batch_logs(self) -> bool:
        """Whether values of the batch just done are due."""
        return self._due and not self._in_test

    @property
    def _due(self) -> bool:
        return self.update_freq != "epoch" and self._global_train_batch % self.update_freq == 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin to count batches."""
        self._global_train_batch = 0

    def on_train_end(self, logs: Logs = None) -> None:
        """Close the files."""
        self._close()

    def on_test_begin(self, logs: Logs = None) -> None:
        """Wait for the end of the evaluation."""
        self._in_test = True

    def on_test_end(self, logs: Logs = None) -> None:
        """Write the evaluation against the optimizer's step."""
        self._in_test = False
        if self.model.optimizer is not None and hasattr(self.model.optimizer, "iterations"):
            step = int(self.model.optimizer.iterations)
            self._scalars("validation", {f"evaluation_{k}_vs_iterations": v for k, v in (logs or {}).items()}, step)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Count the batch."""
        self._global_train_batch += 1
        self._batch_began = time.time()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Write the batch's values if they are due."""
        if not self._due:
            return
        values = {f"batch_{k}": v for k, v in (logs or {}).items()}
        if self.write_steps_per_second:
            values = {"batch_steps_per_second": 1 / max(time.time() - self._batch_began, 1e-9), **values}
        self._scalars("train", values, self._global_train_batch)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Note the time."""
        if self.write_steps_per_second:
            self._steps_before, self._began = int(self.model.optimizer.iterations), time.time()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the epoch's values, and weights if they are due."""
        if logs:
            self._write_epoch(epoch, logs)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self.model.save_weights(os.path.join(self.log_dir, "train", f"keras_embedding.ckpt-{epoch}.weights.h5"))

    # --- what is written ---

    def _scalars(self, name: str, values: dict[str, Any], step: int) -> None:
        numbers = {k: float(v) for k, v in values.items() if hasattr(v, "__float__") and getattr(v, "size", 1) == 1}
        if numbers:
            writer = self._writer(name)
            for tag, value in numbers.items():
                writer.scalar(tag, value, step)
            writer.flush()

    def _write_epoch(self, epoch: int, logs: dict[str, Any]) -> None:
        training = {f"epoch_{k}": v for k, v in logs.items() if not k.startswith("val_")}
        if self.model.optimizer is not None:
            inner = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
            for name, optimizer in optimizers_of(inner):
                if hasattr(optimizer, "learning_rate"):
                    training[f"epoch_learning_rate_{name}" if name else "epoch_learning_rate"] = float(optimizer.learning_rate)
        if self.write_steps_per_second:
            done = int(self.model.optimizer.iterations) - self._steps_before
            training["epoch_steps_per_second"] = done / max(time.time() - self._began, 1e-9)
        self._scalars("train", training, epoch)
        self._scalars("validation", {f"epoch_{k[4:]}": v for k, v in logs.items() if k.startswith("val_")}, epoch)

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                tag = weight.path.replace(":", "_")
                writer.write(f"{tag}/histogram", histogram([float(v) for v in weight.value.data_sync()]), "histograms", epoch)
                images = weight_images(weight) if self.write_images else None
                if images is not None:
                    writer.write(f"{tag}/image", images, "images", epoch)
        writer.flush()

    def _write_layers(self) -> None:
        """Write the model's config, of which TensorBoard draws the graph of layers; subclassed models have none."""
        if type(self.model).__name__ not in ("Functional", "Sequential"):
            return
        try:
            text = self.model.to_json()
        except (NotImplementedError, TypeError, ValueError) as error:
            import warnings

            warnings.warn(f"TensorBoard: the model has no config, so no graph is written: {error}", stacklevel=4)
            return
        self._writer("train").write("keras", string_tensor([text.encode()], scalar=True), "graph_keras_model", 0, b"1")

    def _describe_embeddings(self) -> None:
        metadata = self.embeddings_metadata
        remaining = dict(metadata) if isinstance(metadata, dict) else {}
        text = ""
        for layer in self.model.layers:
            if type(layer).__name__ == "Embedding":
                path = metadata if isinstance(metadata, str) else remaining.pop(layer.name, None)
                text += 'embeddings {\n  tensor_name: "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"\n'
                text += f'  metadata_path: "{path}"\n' * (path is not None) + "}\n"
        if remaining:
            raise ArgumentError(message("TensorBoard", "names of Embedding layers", sorted(remaining), "Correct embeddings_metadata."))
        os.makedirs(self.log_dir, exist_ok=True)
        with open(os.path.join(self.log_dir, "projector_config.pbtxt"), "w", encoding="utf-8") as file:
            file.write(text)
