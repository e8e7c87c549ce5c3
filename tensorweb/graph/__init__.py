"""Graph models: graphs of ops with their weights, as TensorFlow.js's converter writes them."""

from .define import GraphNode, deregister_op, get_registered_op, register_op
from .definition import Argument, FunctionName, Graph, Node, Ref
from .loading import load_graph_model, load_graph_model_async
from .model import GraphModel
