"""LoRA adapters as files: what they were made for, whether they fit, and how much they change."""
