"""Makes captures from text: see docs/captures.md."""
