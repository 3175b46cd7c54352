"""HTTP and WebSocket in, problem+json out. The only room that knows FastAPI."""
