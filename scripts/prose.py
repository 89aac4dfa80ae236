#!/usr/bin/env python3
"""prose.py [FILE...]

Counts words that make English hard to read, in the comments and documents of the tracked
files, or only of the given ones. Prints each hit with its place, and the rate for 1,000
words. Fails if the rate of all is above the limit.

CONTRIBUTING.md has the rules of style. WORDS is the part of them that a program can check.
"""

import ast
import bisect
import io
import pathlib
import re
import subprocess
import sys
import tokenize

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 0.1

# Say instead: "no caller", "the caller", "all users"; "after"; "if"; the noun; "a private";
# "concurrently", "immediately"; "also", "except".
WORDS = {
    "nobody, whoever, everybody, somebody": r"nobody|whoever|everybody|somebody",
    "behind, for after": r"behind",
    "Where, as a condition": r"(?-i:Where)",
    "What, as a noun": r"(?-i:What)",
    "of its own, of one's own": r"of\s+(?:its|one['’]s|their|our|your)\s+own",
    "at once": r"at\s+once",
    "besides, but for, so many": r"besides|but\s+for|so\s+many",
}

# Phrases in which these words are right.
ALLOWED = re.compile(r"behind\s+(?:nginx|a\s+(?:reverse\s+)?proxy)", re.IGNORECASE)

# Written by others, data, or without comments. captoken.h is generated, but contains a string of
# cbindgen.toml, which is prose.
SKIPPED = re.compile(
    r"LICENSE-.*|.*\.lock|.*/package-lock\.json|tests/data/.*|fuzz/corpus/.*"
    r"|(?:include|php)/captoken\.ffi\.h|.*\.(?:png|svg)"
)

# Strings are matched too, so that no comment is found in them.
DOUBLE = r'"(?:\\.|[^"\\])*"'
SINGLE = r"'(?:\\.|[^'\\])*'"
CHARACTER = r"'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\\n])'"
BACKTICKS = r"`[^`]*`"
SLASHES = r"(?P<comment>//[^\n]*|/\*.*?\*/)"
HASH = r"(?:^|(?<=\s))(?P<comment>\#[^\n]*)"

LEXERS = {
    "c": f"{DOUBLE}|{CHARACTER}|{SLASHES}",
    "go": f"{DOUBLE}|{CHARACTER}|{BACKTICKS}|{SLASHES}",
    "rust": rf'\bb?c?r(?P<hashes>\#*)".*?"(?P=hashes)|{DOUBLE}|{CHARACTER}|{SLASHES}',
    "js": f"{DOUBLE}|{SINGLE}|{BACKTICKS}|{SLASHES}",
    "php": rf"<<<['\"]?(?P<end>\w+).*?\n\s*(?P=end)|{DOUBLE}|{SINGLE}"
    r"|(?P<comment>//[^\n]*|/\*.*?\*/|\#(?!\[)[^\n]*)",
    # A quote that does not end on its line is an apostrophe in a comment's line or a program
    # of another language, whose comments are counted too.
    "hash": rf'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|{HASH}',
    "ini": r"^(?P<comment>;[^\n]*)",
    "xml": r"(?P<comment><!--.*?-->)",
    "none": r"(?!)",
}

TYPES = {
    ".c": "c", ".h": "c", ".cs": "c",
    ".go": "go", ".mod": "c",
    ".rs": "rust",
    ".cjs": "js", ".js": "js", ".mjs": "js", ".css": "c", ".html": "markdown",
    ".php": "php", "captoken-doctor": "php",
    ".sh": "hash", ".toml": "hash", ".txt": "hash", ".conf": "hash", ".rb": "hash",
    ".yml": "hash", "Makefile": "hash", "run": "hash", ".clang-format": "hash",
    ".codespellrc": "hash", ".editorconfig": "hash", ".gitignore": "hash", ".supp": "hash",
    ".gitattributes": "hash", "dictionary": "hash",
    ".ini.in": "ini", ".cmake.in": "hash", ".md.in": "markdown",
    ".Dockerfile": "hash",
    # Debian's.
    "rules": "hash", ".postinst": "hash", ".prerm": "hash", ".postrm": "hash",
    "control": "markdown", ".Debian": "markdown",
    "format": "none", ".install": "none", ".links": "none", ".manpages": "none", ".symbols": "none",
    ".triggers": "none",
    ".xml": "xml", ".dist": "xml",
    ".json": "none", ".in": "none",
    # Generated.
    ".1": "none", ".bash": "none", ".fish": "none", "_captoken": "none",
    ".md": "markdown",
    ".py": "python",
}  # fmt: skip

# The signs that begin and end a comment or one of its lines.
SIGNS = re.compile(
    r"^[ \t]*(?://[/!]?|/\*+|\*(?!/|\*)|#+|;+|<!--)|(?:\*/|-->)[ \t]*$", re.MULTILINE
)
HEADING = re.compile(r"^#+ [^\n]*", re.MULTILINE)
CODE = re.compile(r"^[ \t]*```.*?^[ \t]*```|``.*?``|`[^`]*`", re.MULTILINE | re.DOTALL)
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")


def blank(text):
    """Spaces and line ends of the same length, so that the rest keeps its place."""
    return re.sub(r"[^\n]", " ", text)


def blank_match(match):
    return blank(match.group())


def type_of(path):
    if path.parent.name == "help":
        return "markdown"
    for name in (path.name, "".join(path.suffixes[-2:]), path.suffix):
        if name in TYPES:
            return TYPES[name]
    raise SystemExit(f"{path}: add this type of file to TYPES in scripts/prose.py")


def python_comments(text):
    """The ranges of comments and docstrings."""
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            (row, start), (_, end) = token.start, token.end
            yield lines[row - 1] + start, lines[row - 1] + end
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            first = node.body[0]
            yield lines[first.lineno - 1], lines[first.end_lineno]


def comments(kind, text):
    """The ranges of comments."""
    if kind == "markdown":
        return [(0, len(text))]
    if kind == "python":
        return list(python_comments(text))
    found = re.finditer(LEXERS[kind], text, re.DOTALL | re.MULTILINE)
    return [match.span("comment") for match in found if match.group("comment")]


def prose(path):
    """The comments of a file, at their places. Headings may begin with any word."""
    kind = type_of(path)
    text = path.read_text()
    found = list(blank(text))
    for start, end in comments(kind, text):
        found[start:end] = text[start:end]
    found = "".join(found)
    if kind == "markdown":
        found = CODE.sub(blank_match, found)
        return HEADING.sub(lambda match: match.group().lower(), found)
    if kind == "python":
        found = found.replace('"""', "   ")
    return CODE.sub(blank_match, SIGNS.sub(blank_match, found))


def asks(text, place):
    """Whether the sentence from this place on is a question."""
    end = re.search(r"[.?!|](?=\s)|\n\s*\n|\Z", text[place:])
    return end.group() == "?"


def hits(text):
    """The kind and the place of each hit."""
    allowed = [match.span() for match in ALLOWED.finditer(text)]
    for kind, pattern in WORDS.items():
        for match in re.finditer(rf"\b(?:{pattern})\b", text, re.IGNORECASE):
            place = match.start()
            question = match.group() in ("What", "Where") and asks(text, place)
            if not question and not any(start <= place < end for start, end in allowed):
                yield kind, place


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    names = [name for name in listed.stdout.split("\0") if name]
    kept = [name for name in names if not SKIPPED.fullmatch(name)]
    return [ROOT / name for name in kept if not (ROOT / name).is_symlink()]


def main():
    given = [pathlib.Path(name) for name in sys.argv[1:]]
    words = 0
    counts = dict.fromkeys(WORDS, 0)
    for path in given or tracked():
        text = prose(path)
        words += len(WORD.findall(text))
        ends = [match.start() for match in re.finditer("\n", text)]
        for kind, place in sorted(hits(text), key=lambda hit: hit[1]):
            counts[kind] += 1
            line = bisect.bisect_left(ends, place)
            shown = path.read_text().splitlines()[line].strip()
            name = path if given else path.relative_to(ROOT)
            print(f"{name}:{line + 1}: {kind}: {shown}")
    total = sum(counts.values())
    for kind, count in [*counts.items(), ("all", total)]:
        print(f"{1000 * count / max(words, 1):6.2f}  {count:4}  {kind}")
    print(f"of {words:,} words; the limit for all is {LIMIT} in 1,000")
    return 1000 * total > LIMIT * words


if __name__ == "__main__":
    sys.exit(main())
