"""The judge: RAGAS metrics by a language model, bounded and cached."""
