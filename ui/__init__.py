"""The Streamlit pages. They talk to the API over HTTP and import nothing of the other packages."""
