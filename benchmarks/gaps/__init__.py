"""Whether what people ask in vain is put together as one gap, and nothing else with it."""
