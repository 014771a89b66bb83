"""What is told to those who run Routeback: metrics, traces and logs, with no text of people."""
