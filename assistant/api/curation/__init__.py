"""Knowledge that grows, over HTTP."""
