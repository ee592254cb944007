"""Hotspare: a fallback router for LLM traffic with an operations console."""
