"""hitpoint.export: import it as `hitpoint.export`, never as a flat package."""

if __name__ == "export":
    raise ImportError(
        "import 'hitpoint.export' instead of 'export': install the project first (pip install -e .)"
    )
