"""The user's program in a replay: its slice, instrumented, run statement by statement among stand-ins."""
