"""`python -m bukhindor` is the command `bukhindor`."""

from bukhindor.cli import main

main(prog_name="bukhindor")
