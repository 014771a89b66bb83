"""The sample world of ``routeback up --demo``: played through the product, and recorded."""
