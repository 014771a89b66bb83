"""What an audit looks for in a training file, one module a kind."""
