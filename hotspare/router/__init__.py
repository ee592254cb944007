"""Decides which model answers each request, and says why. Standard library only; no I/O, no clock of its own."""
