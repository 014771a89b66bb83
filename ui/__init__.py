"""The Streamlit pages. They talk to the API over HTTP and import nothing of the other packages."""

__all__: list[str] = []
