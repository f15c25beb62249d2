"""Views turned into the lines that a console prints. Nothing here sees a device; every function is view -> lines."""
