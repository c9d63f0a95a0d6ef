"""Tables in docs/formats.md, between marks."""

import os

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/formats.md")


def write(marks, text):
    with open(PATH) as file:
        before, rest = file.read().split(marks[0])
    after = rest.split(marks[1])[1]
    with open(PATH, "w") as file:
        file.write(f"{before}{marks[0]}\n\n{text}\n\n{marks[1]}{after}")
