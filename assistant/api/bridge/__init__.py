"""Other desks, which say what their people did."""
