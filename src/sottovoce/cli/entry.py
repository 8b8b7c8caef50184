"""The first thing that the command loads: so little that an interrupt finds no gap before it."""


def main() -> None:
    """Run the command line.

    Raises:
        SystemExit: It was interrupted, or its output could not be written.
    """
    try:
        from sottovoce.cli.main import main as run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as error:
        # Writing to a full disk or a closed pipe, at a place where no command runs.
        import os
        import sys

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if sys.stderr is not None and not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"error: {error.strerror or error}\n")
        raise SystemExit(0 if isinstance(error, BrokenPipeError) else 1) from None
