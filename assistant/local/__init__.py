"""The embedded engine: weights, a llama.cpp server in a child process, sentence embeddings."""
