"""Each stage on the command line: standard input to standard output, streaming."""
