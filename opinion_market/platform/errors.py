"""Why the platform cannot start or go on. The text is one sentence for the person at the terminal."""


class PlatformError(Exception):
    """Something the operator can put right; printed without a traceback."""
