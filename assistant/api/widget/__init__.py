"""The widget: one script that puts the chat into a page of another site."""
