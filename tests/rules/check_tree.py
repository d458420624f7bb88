#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_tree.py RULE: says what in this checkout breaks a rule, exits 1 then.
"""

import pathlib
import subprocess
import sys

import hygiene
import layering
from tree import read_tree

ROOT = pathlib.Path(__file__).resolve().parents[2]

RULES = {
    "includes": layering.includes,
    "purity": layering.purity,
    "size": hygiene.size,
    "licence": hygiene.licence,
    "places": hygiene.places,
    "names": hygiene.names,
    "documents": hygiene.documents,
    "fuzzing": hygiene.fuzzing,
    "flags": hygiene.flags,
}


def shellcheck(tree):
    """Runs shellcheck on all scripts; what it says are the problems."""
    run = subprocess.run(["shellcheck", "-x", *hygiene.scripts(tree)],
                         cwd=ROOT, capture_output=True, text=True,
                         check=False)
    return run.stdout.splitlines() + run.stderr.splitlines()


RULES["shellcheck"] = shellcheck


def main():
    rule = RULES[sys.argv[1]]
    tree = read_tree(ROOT)
    if len(tree.texts) < 20:
        print(f"only {len(tree.texts)} files found beneath {ROOT}")
        return 1
    problems = rule(tree)
    if problems:
        print((rule.__doc__ or "").strip().splitlines()[0])
        print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
