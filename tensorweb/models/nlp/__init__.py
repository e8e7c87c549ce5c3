"""TensorFlow.js's models for language: PipelineModel and Task, Backbone and GPT2Backbone."""

from .backbone import Backbone, GPT2Backbone
from .pipeline import PipelineModel, Task

__all__ = ["Backbone", "GPT2Backbone", "PipelineModel", "Task"]
