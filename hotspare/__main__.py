"""`python -m hotspare` is the command."""

from hotspare.app.command import main

main()
