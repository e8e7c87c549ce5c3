"""Keras's callbacks: objects whose hooks `fit`, `evaluate` and `predict` call. OrbaxCheckpoint, of another framework, is left out."""

from .callback import Callback
from .callback_list import CallbackList
from .checkpoints import BackupAndRestore, ModelCheckpoint
from .csv_logger import CSVLogger
from .early_stopping import EarlyStopping
from .history import History
from .learning_rate import LearningRateScheduler, ReduceLROnPlateau
from .progress import ProgbarLogger
from .small import LambdaCallback, RemoteMonitor, SwapEMAWeights, TerminateOnNaN
from .tensorboard import TensorBoard
