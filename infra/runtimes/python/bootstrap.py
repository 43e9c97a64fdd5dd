"""Entry point of Hearth's runtime client for Python; see hearth_runtime/serve.py."""

from hearth_runtime.serve import main

main()
