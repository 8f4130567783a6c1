"""`python -m vaebench`."""

if __name__ == "__main__":  # workers import it under another name
    from vaebench.cli import main

    main(prog_name="vaebench")
