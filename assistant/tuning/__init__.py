"""Fine-tuning the embedded base model: examples in, a LoRA adapter for llama.cpp out.

Nothing here imports torch before it is used: it is in the extra ``tune``.
"""
