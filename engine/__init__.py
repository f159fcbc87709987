"""hitpoint.engine: import it as `hitpoint.engine`, never as a flat package."""

if __name__ == "engine":
    raise ImportError(
        "import 'hitpoint.engine' instead of 'engine': install the project first (pip install -e .)"
    )
