"""The command `eatner`: label files, run the workflow, check the machine.

Each command imports what it needs, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from eatner import __version__
from eatner.errors import InputError

FORMATS = ("tsv", "conll", "jsonl", "html")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: What follows `eatner` on the command line; None takes it from there.

    Returns:
        The exit status: 0 if all went well, 1 after a message, 2 for wrong arguments, or that of
        Snakemake.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if given[:1] == ["run"] and not {"-h", "--help"} & set(given[1:2]):
            # Snakemake knows its own options, so none of them is looked at here.
            from eatner.command.run import run

            return run(given[1:])
        options = _parser().parse_args(given)
        if options.command == "label":
            from eatner.command.label import label

            return label(options)
        from eatner.command.check import check

        return check(options)
    except InputError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        sys.stderr.close()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="eatner",
        description="Find persons, places and organisations in text of any language, by way of "
        "English.",
        epilog="From Python: import eatner; labeller = eatner.load(language='ko')",
    )
    parser.add_argument("--version", action="version", version=f"eatner {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_label(commands.add_parser("label", help="label texts", description=LABEL))
    commands.add_parser(
        "run",
        help="make results of the workflow: Snakemake, in any folder",
        description=RUN,
        usage="eatner run [TARGET ...] [OPTION OF SNAKEMAKE ...]",
    )
    _add_check(commands.add_parser("check", help="say what will run here", description=CHECK))
    return parser


LABEL = (
    "Label texts. A file holds one text (a line may hold several sentences), JSON Lines with a "
    "`text` each, or any other format that a corpus may have. What the system needs is made first, "
    "which may fetch models. Results are kept in results/, so nothing is labelled twice."
)
RUN = (
    "Run the workflow in the current folder with Snakemake, and print the command. All options of "
    "Snakemake are passed on, such as -n (show the plan), --configfile FILE and --directory DIR. "
    "Without --cores or a profile, all cores are used."
)
CHECK = (
    "Say what will run on this machine: cores, memory, disk, GPU, packages, package index; what is "
    "missing for labelling a language, and about how long it takes."
)


def _add_label(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file; - is standard input")
    parser.add_argument(
        "--format", choices=FORMATS, default="tsv", help="format of the labels (default: tsv)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="PATH",
        help="file to write, or folder for several files (default: standard output)",
    )
    _add_system(parser, language_is_required=True)
    parser.add_argument(
        "--cores", type=_cores, default="all", metavar="N", help="number of cores (default: all)"
    )


def _cores(given: str) -> str:
    if given != "all" and not (given.isascii() and given.isdecimal() and int(given) > 0):
        raise argparse.ArgumentTypeError(f"{given!r} is neither a number of cores nor `all`")
    return given


def _add_check(parser: argparse.ArgumentParser) -> None:
    _add_system(parser, language_is_required=False)


def _add_system(parser: argparse.ArgumentParser, *, language_is_required: bool) -> None:
    parser.add_argument(
        "--language",
        "-l",
        required=language_is_required,
        default="ko",
        metavar="CODE",
        help="ISO 639 code of the texts' language, such as ko"
        + ("" if language_is_required else " (default: ko)"),
    )
    parser.add_argument("--system", metavar="NAME", help="a system under `compare: systems:`")
    for part in ("translator", "tagger", "aligner"):
        parser.add_argument(f"--{part}", metavar="NAME", help=f"another {part}")
    parser.add_argument(
        "--configfile",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="configuration that adds to the default one",
    )
    parser.add_argument(
        "--directory",
        "-d",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder with resources/ and results/ (default: the current one)",
    )


if __name__ == "__main__":
    sys.exit(main())
