#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""from_docs.py conf|man DOCUMENT TEMPLATE: what docs/configuration.md says of
each flag, as configuration file or as manual page, in place of the template's
line @FLAGS@. So there is one text of each flag, for all readers.
"""

import re
import sys
import textwrap

ROW = re.compile(r"^\| `--(\w+)` \| (.+?) \| (.+) \|$")


def sections(text):
    """[(title, [("flag", name, default, meaning) or ("prose", text)])]"""
    found = []
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        items = []
        for block in re.split(r"\n\s*\n", body.strip()):
            rows = [ROW.match(line) for line in block.splitlines()]
            if any(rows):
                items += [("flag", *row.groups()) for row in rows if row]
            elif block.startswith("```"):
                items.append(("code", block.strip("`").strip("\n")))
            elif block:
                items.append(("prose", " ".join(block.split())))
        found.append((title.strip(), items))
    return found


def assignment(name, default):
    """The line that a flag file has for its default."""
    if default in ("off", "on"):
        return f"--{name}" if default == "off" else f"--no{name}"
    value = re.fullmatch(r"`([^`]*)`", default)
    # An own word, such as "required", or another flag's name: no value yet.
    if value is None or value.group(1).startswith("--"):
        return f"--{name}="
    return f"--{name}={value.group(1)}"


def conf(text):
    lines = []
    for title, items in sections(text):
        flags = [item for item in items if item[0] == "flag"]
        if not flags:
            continue
        lines += ["", f"# --- {title} ---"]
        for _, name, default, meaning in flags:
            words = meaning.replace("`", "")
            if default == "on":
                words += " On; the line below switches it off."
            elif not default.startswith("`"):
                words += f" Default: {default}."
            lines += ["", *textwrap.wrap(words, 77, initial_indent="# ",
                                         subsequent_indent="# ",
                                         break_on_hyphens=False,
                                         break_long_words=False),
                      "#" + assignment(name, default)]
    return "\n".join(lines[1:])


def roff(text):
    """Text for mdoc: escapes, back-ticks as bold."""
    text = text.replace("\\", "\\e").replace("…", "...")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fP", text).replace("-", "\\-")
    # One sentence a line; none may begin as a request.
    lines = re.sub(r"(?<=[a-z0-9)P\]][.;]) (?=\S)", "\n", text).splitlines()
    return "\n".join(("\\&" + line if line[:1] in ".'" else line)
                     for line in lines)


def man(text):
    lines = []
    for title, items in sections(text):
        lines.append(f".Ss {roff(title)}")
        listing = False
        for item in items:
            if item[0] == "flag" and not listing:
                lines.append(".Bl -tag -width indent")
            if item[0] != "flag" and listing:
                lines.append(".El")
            if item[0] != "flag" and lines[-1][:3] != ".Ss":
                lines.append(".Pp")
            listing = item[0] == "flag"
            if listing:
                _, name, default, meaning = item
                lines += [f".It Fl Fl {name}", roff(meaning),
                          "Default: " + roff(default) + "."]
            elif item[0] == "code":
                lines += [".Dl " + roff(line)
                          for line in item[1].splitlines()]
            else:
                lines.append(roff(item[1]))
        if listing:
            lines.append(".El")
    return "\n".join(lines)


def main():
    form, document, template = sys.argv[1:]
    with open(document, encoding="utf-8") as file:
        flags = {"conf": conf, "man": man}[form](file.read())
    with open(template, encoding="utf-8") as file:
        sys.stdout.write(file.read().replace("@FLAGS@\n", flags + "\n"))


if __name__ == "__main__":
    sys.exit(main())
