"""The widget, on pages of others."""
