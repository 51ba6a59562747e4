"""portable/scratchcard.h under libFuzzer, with the sanitizers of addresses and undefined behaviour.

    python benchmarks/fuzzing/reader.py FOLDER -max_total_time=600

It takes clang. FOLDER gets the program, and keeps inputs that reach something new, from tickets of
every kind on, and one that ends the campaign; other arguments are libFuzzer's. The checksum of
nearly all is mended. reader.c says what is done with an input.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import seeds

HERE = Path(__file__).resolve().parent
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-g", "-ffp-contract=off"]
FLAGS += ["-fsanitize=fuzzer,address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"]
FLAGS += ["-DSCRATCHCARD_MAX_LAYERS=255", f"-I{HERE.parents[1] / 'portable'}"]


def main() -> None:
    """Compile, and fuzz until a limit of libFuzzer's."""
    folder = Path(sys.argv[1])
    program, arguments = folder / "reader", seeds.arguments_in(folder)
    subprocess.run(["clang", *FLAGS, str(HERE / "reader.c"), "-o", str(program)], check=True)
    os.execv(program, [str(program), *arguments, *sys.argv[2:]])


if __name__ == "__main__":
    main()
