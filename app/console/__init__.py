"""The console: screens and dialogs over one Backend. It knows no engine, no store and no server."""
