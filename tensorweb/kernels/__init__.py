"""What a kernel means: scalar expressions, loop patterns, and their reading in plain Python. Knows nothing of tensors or engines."""
