# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that the rules look at."""

import os
import subprocess

SKIPPED_FOLDERS = {".git", ".cache", ".state", "build", "dist",
                   "node_modules", "__pycache__"}


class Tree:
    """Paths, relative to the root, and the texts of those files.

    A file that is no UTF-8 has the text None.
    """

    def __init__(self, texts):
        self.texts = texts
        self.folders = {os.path.dirname(path) for path in texts}
        for folder in list(self.folders):
            while folder := os.path.dirname(folder):
                self.folders.add(folder)

    def matching(self, *suffixes, under=""):
        """(path, text) of each text file with such an end, in order."""
        return [(path, text) for path, text in sorted(self.texts.items())
                if path.endswith(suffixes) and path.startswith(under)
                and text is not None]

    def sources(self, under=""):
        return self.matching(".h", ".cc", under=under)


def read_tree(root):
    """All files of a checkout that are not ignored."""
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"], capture_output=True, check=False)
    if listed.returncode == 0:
        paths = listed.stdout.decode().split("\0")
    else:  # no repository: a source archive
        paths = []
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
            paths += [os.path.relpath(os.path.join(folder, name), root)
                      for name in names]
    texts = {}
    for path in paths:
        full = os.path.join(root, path)
        if not path or not os.path.isfile(full):
            continue
        try:
            with open(full, encoding="utf-8") as file:
                texts[path] = file.read()
        except UnicodeDecodeError:
            texts[path] = None
    return Tree(texts)


def code_lines(text):
    """(number, line) of C++ text without // comments."""
    for number, line in enumerate(text.splitlines(), 1):
        yield number, line.split("//")[0]
