"""The command line: `python run.py --help`."""

from cli.app import main

if __name__ == "__main__":
    main()
