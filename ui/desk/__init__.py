"""The desk: people of the team take over what the assistant could not answer."""
