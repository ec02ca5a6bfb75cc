"""The command line: `python run.py --help`."""

import sys

try:
    from cli.app import main
except ModuleNotFoundError as missing:
    print(
        f"Error: {missing.name} is not installed here: is the environment active?", file=sys.stderr
    )
    print("Next:  make setup && source .venv/bin/activate", file=sys.stderr)
    sys.exit(2)

if __name__ == "__main__":
    main()
