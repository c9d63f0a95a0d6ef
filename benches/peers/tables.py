"""Results as markdown."""


def ratio(value):
    return f"{value:.4f}".removeprefix("0")


def factor(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def three(results, first):
    """Sizes, and speeds of encoding and decoding as multiples of the first codec's; `results` has for
    each file each codec's."""
    names = list(dict.fromkeys(name for of_file in results.values() for name in of_file))
    parts = [
        ("Size, stored to raw:", ["file", *names], lambda r, _: ratio(r.ratio)),
        (multiples("Encoding", first), head(names, first), speed("encode", first)),
        (multiples("Decoding", first), head(names, first), speed("decode", first)),
    ]
    return "\n\n".join(
        f"{title}\n\n{table(columns, rows(results, names, cell))}" for title, columns, cell in parts
    )


def multiples(what, first):
    return f"{what}, {first} in GB/s and the others as multiples of it:"


def head(names, first):
    return ["file", *(f"{name}, GB/s" if name == first else name for name in names)]


def speed(field, first):
    def cell(result, of_file):
        value, unit = getattr(result, field), getattr(of_file[first], field)
        return factor(value if result is of_file[first] else value / unit)

    return cell


def rows(results, names, cell):
    for file, of_file in results.items():
        cells = (cell(of_file[name], of_file) if name in of_file else "" for name in names)
        yield [f"`{file}`", *cells]
