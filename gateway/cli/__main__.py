"""`python -m gateway.cli` is `nearside`."""

from gateway.cli import main

main()
