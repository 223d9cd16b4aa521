"""A plot for a web page: SVG that stands in the HTML itself, in the colours of the page and a fraction of the size.

matplotlib writes each grid line, tick and step as an element with a style of its own. Here what looks alike and may be
drawn at once becomes one path of small relative moves, what no clipping cuts is not clipped, and what nothing refers to
has no id. Text stays text, above everything else. Colours are CSS variables with those of the files as fallback, so
that `PAGE_CSS` can give others in the dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from sim.plots import PLOTS, plot

FONTS = "system-ui,'Segoe UI','DejaVu Sans',sans-serif"
"""Room was measured with DejaVu Sans; what else pages have is narrower."""

THEME: dict[str, tuple[str, str]] = {
    "ink": ("#000000", "#F1F3F5"),
    "paper": ("#FFFFFF", "#14171A"),
    "quiet": ("#595959", "#B3BAC1"),
    "pale": ("#EDEDED", "#2A2F35"),
    "blank": ("#F6F6F6", "#1C2024"),
    "axis": ("#B0B0B0", "#69717A"),
    "grid": ("#E3E3E3", "#2E343A"),
    "short": ("#FBE3D6", "#3B2417"),
    "blue": ("#0072B2", "#3A8FCC"),
    "sky": ("#56B4E9", "#56B4E9"),
    "orange": ("#E69F00", "#E69F00"),
    "purple": ("#CC79A7", "#D488B2"),
    "vermilion": ("#D55E00", "#C65700"),
}
"""Each variable's colour on a light page, which is that of the files, and on a dark one.

On the dark page blue and vermilion keep a luminance at which both ink and paper can be read on them, as net staffing
writes on its cells: where it writes in black on light paper, ink is legible in the dark as well.
"""


def _rules(number: int) -> str:
    return "".join(f"--{name}:{colours[number]};" for name, colours in THEME.items())


PAGE_CSS = (
    f":root,[data-theme=light]{{color-scheme:light;{_rules(0)}}}\n"
    f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{_rules(1)}}}}}\n"
    f"@media screen{{[data-theme=dark]{{color-scheme:dark;{_rules(1)}}}}}\n"
)
"""The variables' definitions: by what the reader's system prefers, or as `data-theme` says; printed pages are light."""

_SVG, _HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_UNITS = 10
"""Positions are whole tenths of a point: on a screen a point is little more than a pixel."""
_FINE = 100
"""Markers and hatches are small, and drawn many times: theirs are hundredths."""
_NAMES = {colours[0].lower(): name for name, colours in THEME.items()}
_INK, _PAPER = "var(--ink,#000000)", "var(--paper,#ffffff)"
_TINTED = ("ink", "blue", "vermilion", "sky", "orange", "purple")
_DEFAULTS = {("stroke-dashoffset", "0"), ("text-anchor", "start")}

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""
Moves = list[tuple[str, tuple[int, ...]]]
"""A path's commands M, L, Q, C and Z, each with its absolute places in whole units."""


def svg(name: str, data: Any, *, prefix: str) -> str:
    """The plot as an `<svg>` element for an HTML page, as wide as what it stands in; it refers to nothing outside.

    Its title is the plot's question and its description the alt text, and both name it to screen readers. The same data
    and prefix give the same text with the same release of matplotlib.

    Args:
        data: what the plot shows, as `sim.plots.write` takes it.
        prefix: what its ids begin with, letters, digits, hyphens: another one for each plot of a page.

    Raises:
        UsageError: no plot has that name.
    """
    module = plot(name)
    drawing = _Drawing(ElementTree.fromstring(_written(module.draw(data))), prefix)
    return drawing.lean(PLOTS[name], module.alt(data))


def _written(figure: Any) -> bytes:
    import matplotlib

    from sim.plots._style import plain

    file = BytesIO()
    with plain():
        settings: Any = matplotlib.rcParams
        settings["svg.fonttype"] = "none"
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


@dataclass
class _Shape:
    """Paths of one look, or the places of one marker, and the box around them with half the width of their lines."""

    look: dict[str, str]
    box: Box
    moves: Moves = field(default_factory=list)
    mark: str = ""
    places: list[tuple[int, int]] = field(default_factory=list)
    parts: list[Box] = field(init=False)
    """The boxes of its paths; of markers one around them all, as there may be thousands."""

    def __post_init__(self) -> None:
        self.parts = [self.box]

    def alike(self, other: _Shape) -> bool:
        return self.look == other.look and self.mark == other.mark

    @property
    def opaque_line(self) -> bool:
        """Whether it may cross itself: drawn at once or one after the other, such lines look the same."""
        return self.look.get("fill") == "none" and not any(name.endswith("opacity") for name in self.look)

    def take(self, other: _Shape) -> None:
        self.moves += other.moves
        self.places += other.places
        self.box = _around(self.box, other.box)
        self.parts = [self.box] if self.mark else self.parts + other.parts

    def touches(self, other: Box) -> bool:
        return _overlap(self.box, other) and any(_overlap(part, other) for part in self.parts)


class _Drawing:
    """What matplotlib wrote, and what of it goes onto the page."""

    def __init__(self, root: Element, prefix: str) -> None:
        self.root, self.prefix = root, prefix
        self.defined = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
        self.shapes: list[_Shape] = []
        self.texts: dict[tuple[tuple[str, str], ...], list[Element]] = {}
        self.ids: dict[str, str] = {}
        self.defs = Element("defs")

    def lean(self, title: str, alt: str) -> str:
        """The element for the page, serialised."""
        for element in self.root:
            self._read(element, "")
        page = Element(
            "svg",
            {
                "xmlns": _SVG[1:-1],
                "role": "img",
                "aria-labelledby": f"{self.prefix}-title {self.prefix}-desc",
                "viewBox": self.root.attrib["viewBox"],
                "width": "100%",
                "font-family": FONTS,
                "fill": _INK,
                "stroke-linejoin": "round",
            },
        )
        SubElement(page, "title", {"id": f"{self.prefix}-title"}).text = title
        SubElement(page, "desc", {"id": f"{self.prefix}-desc"}).text = alt
        page.append(self.defs)
        page.extend(self._element(shape) for shape in self.shapes)
        for look, texts in self.texts.items():
            _grouped(page, dict(look), texts)
        if not len(self.defs):
            page.remove(self.defs)
        return ElementTree.tostring(page, encoding="unicode").replace(" />", "/>")

    def _read(self, element: Element, clip: str) -> None:
        """Take in an element and what is in it; `clip` is the id of the nearest clipping around it."""
        kind = element.tag.removeprefix(_SVG)
        clip = _target(element.get("clip-path", "")) or clip
        if kind == "g":
            for inner in element:
                self._read(inner, clip)
        elif kind == "path":
            self._path(element, clip)
        elif kind == "use":
            self._add(self._use(element), clip)
        elif kind == "text":
            self._text(element)
        elif kind not in ("defs", "metadata"):
            raise ValueError(f"no plot for a page has a <{kind}> so far")

    def _path(self, element: Element, clip: str) -> None:
        """A path; a tint lets through what lies below it and the colour that it stands for does not, so paper first."""
        look, moves = _look(element), _moves(element.get("d", ""), _UNITS)
        if not moves:
            return
        box = _box(moves, look, _UNITS)
        if "fill-opacity" in look and "opacity" not in element.get("style", ""):
            self._add(_Shape({"fill": _PAPER}, box, list(moves)), clip)
        self._add(_Shape(look, box, moves), clip)

    def _use(self, element: Element) -> _Shape:
        """A marker at a place: a path there where it is made of lines, else what refers to it."""
        name = element.attrib[_HREF][1:]
        mark = self.defined[name]
        look = _look(element) | _look(mark)
        place = float(element.get("x", "0")), float(element.get("y", "0"))
        moves = _moves(mark.get("d", ""), _UNITS, place)
        box = _box(moves, look, _UNITS)
        if all(command in "MLZ" for command, _ in moves):
            return _Shape(look, box, moves)
        return _Shape(look, box, mark=name, places=[(round(place[0] * _UNITS), round(place[1] * _UNITS))])

    def _add(self, shape: _Shape, clip: str) -> None:
        """Join it to what looks alike where that changes nothing: nothing drawn between the two touches it."""
        if clip and not _inside(shape.box, self._clip(clip)):
            shape.look["clip-path"] = f"url(#{clip})"
        if self._unseen(shape):
            return
        for earlier in reversed(self.shapes):
            apart = not earlier.touches(shape.box)
            if earlier.alike(shape) and (apart or shape.opaque_line or (shape.mark and earlier is self.shapes[-1])):
                earlier.take(shape)
                return
            if not apart:
                break
        self.shapes.append(shape)

    def _unseen(self, shape: _Shape) -> bool:
        """Whether it is paper on nothing but paper, as the ground of a panel is."""
        if shape.look != {"fill": _PAPER}:
            return False
        beneath = [other.look for other in self.shapes if other.touches(shape.box)]
        return bool(beneath) and all(look == shape.look for look in beneath)

    def _clip(self, name: str) -> Box:
        """The rectangle that a clipping leaves, and the most that a line's width may stick out of it."""
        (rect,) = self.defined[name]
        x, y, width, height = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        return x - 1, y - 1, x + width + 1, y + height + 1

    def _text(self, element: Element) -> None:
        look = _look(element)
        own = {name: look.pop(name) for name in ("opacity",) if name in look}
        text = Element("text", _placed(element) | own)
        text.text = element.text
        self.texts.setdefault(tuple(look.items()), []).append(text)

    def _element(self, shape: _Shape) -> Element:
        look = {name: self._referred(value) for name, value in shape.look.items()}
        if not shape.mark:
            return Element("path", {"d": _data(shape.moves, _UNITS)} | look)
        group, href = Element("g", look), f"#{self._id(shape.mark)}"
        for x, y in shape.places:
            SubElement(group, "use", {"href": href, "x": _number(x, _UNITS), "y": _number(y, _UNITS)})
        return group

    def _referred(self, value: str) -> str:
        name = _target(value)
        return f"url(#{self._id(name)})" if name else value

    def _id(self, name: str) -> str:
        """The id on the page of what a shape refers to, which is defined there when first asked for."""
        if name not in self.ids:
            self.ids[name] = f"{self.prefix}-{len(self.ids) + 1}"
            self.defs.append(_defined(self.defined[name], self.ids[name]))
        return self.ids[name]


def _defined(element: Element, name: str) -> Element:
    """A marker, a clipping or a hatch under its new id; a marker's look is where it is used."""
    kind = element.tag.removeprefix(_SVG)
    if kind == "path":
        return Element("path", {"id": name, "d": _data(_moves(element.get("d", ""), _FINE), _FINE)})
    keep = ("patternUnits", "width", "height")
    made = Element(kind, {"id": name} | {key: element.attrib[key] for key in keep if key in element.attrib})
    for inner in element:
        look = _look(inner)
        if inner.tag == f"{_SVG}path":
            SubElement(made, "path", {"d": _data(_moves(inner.get("d", ""), _FINE), _FINE)} | look)
        else:
            sides = {key: _rounded(inner.attrib[key]) for key in ("x", "y", "width", "height")}
            SubElement(made, "rect", {key: side for key, side in sides.items() if side != "0"} | look)
    return made


def _grouped(page: Element, look: dict[str, str], texts: list[Element]) -> None:
    """Texts of one look in a group that has it, or a single one with it."""
    if len(texts) == 1:
        texts[0].attrib.update(look)
        page.append(texts[0])
        return
    SubElement(page, "g", look).extend(texts)


def _placed(element: Element) -> dict[str, str]:
    """Where a text stands: matplotlib turns by nothing, and moves where it could place."""
    steps = dict(_steps(element.get("transform", "")))
    x, y = steps.get("translate", (element.get("x", "0"), element.get("y", "0")))
    x, y = _rounded(x), _rounded(y)
    turn = _rounded(steps.get("rotate", ("0",))[0])
    return {"x": x, "y": y} | ({} if turn == "0" else {"transform": f"rotate({turn} {x} {y})"})


def _steps(transform: str) -> Iterator[tuple[str, list[str]]]:
    for step in transform.split(")"):
        name, _, numbers = step.strip().partition("(")
        if name:
            yield name, numbers.split()


def _look(element: Element) -> dict[str, str]:
    """The style of an element as attributes: what is the default left out, colours as variables."""
    pairs = (pair.partition(":") for pair in element.get("style", "").split(";") if pair.strip())
    style = {name.strip(): value.strip() for name, _, value in pairs}
    style |= {name: element.attrib[name] for name in ("fill",) if name in element.attrib}
    look: dict[str, str] = {}
    for name, value in style.items():
        if name == "font-family" or (name, value) in _DEFAULTS:
            continue
        look[name] = ",".join(_rounded(part.removesuffix("px")) for part in value.split(","))
    for name in ("fill", "stroke"):
        if name in look:
            look |= _painted(name, look)
    return look


def _painted(name: str, look: Mapping[str, str]) -> dict[str, str]:
    """A fill or stroke as a variable, with how much of it there is where it is a tint."""
    paint, share = _paint(look[name])
    share *= float(look.get(f"{name}-opacity", "1"))
    return {name: paint} | ({} if share == 1.0 else {f"{name}-opacity": _rounded(str(share))})


def _paint(colour: str) -> tuple[str, float]:
    """A colour as a variable and the share of it that is laid over the paper."""
    if not colour.startswith("#"):
        return colour, 1.0
    name, share = _tint(colour.lower())
    return (f"var(--{name},{THEME[name][0].lower()})", share) if name else (colour, 1.0)


def _tint(colour: str) -> tuple[str, float]:
    """The variable and the share of which a colour on white paper is made; no name where it is none of ours."""
    if colour in _NAMES:
        return _NAMES[colour], 1.0
    missing = [255 - int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    if max(missing) <= 2:
        return "paper", 1.0
    for name in _TINTED:
        whole = [255 - int(THEME[name][0][i : i + 2], 16) for i in (1, 3, 5)]
        share = sum(missing) / sum(whole)
        if share <= 1.0 and all(abs(m - share * w) <= 2 for m, w in zip(missing, whole, strict=True)):
            return name, share
    return "", 1.0


def _moves(d: str, units: int, at: tuple[float, float] = (0.0, 0.0)) -> Moves:
    """The commands of a path of matplotlib's, which are absolute, moved to a place."""
    moves: Moves = []
    words = d.split()
    starts = [i for i, word in enumerate(words) if word.isalpha()]
    for start, end in pairwise([*starts, len(words)]):
        numbers = (float(word) for word in words[start + 1 : end])
        places = tuple(round((number + at[i % 2]) * units) for i, number in enumerate(numbers))
        moves.append((words[start].upper(), places))
    return moves


def _box(moves: Moves, look: Mapping[str, str], units: int) -> Box:
    """The box around a path; a line that is no outline has its width too."""
    xs = [x / units for _, places in moves for x in places[::2]]
    ys = [y / units for _, places in moves for y in places[1::2]]
    half = float(look.get("stroke-width", "1")) / 2 if look.get("fill") == "none" else 0.0
    return min(xs) - half, min(ys) - half, max(xs) + half, max(ys) + half


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _inside(one: Box, other: Box) -> bool:
    return other[0] <= one[0] and other[1] <= one[1] and one[2] <= other[2] and one[3] <= other[3]


def _data(moves: Moves, units: int) -> str:
    """A path's `d`, by relative moves: each is the difference of places already rounded, so that no error adds up."""
    steps: list[tuple[str, list[int]]] = []
    x, y, start = 0, 0, (0, 0)
    for command, places in moves:
        if command == "Z":
            steps.append(("z", []))
            x, y = start
            continue
        relative = [place - (x, y)[i % 2] for i, place in enumerate(places)]
        if command == "L":
            _line(steps, *relative)
        else:
            steps.append((command.lower(), relative))
        x, y = places[-2], places[-1]
        start = (x, y) if command == "M" else start
    return _joined(steps, units)


def _line(steps: list[tuple[str, list[int]]], across: int, down: int) -> None:
    """Add a straight line: along an axis in short, and as one with the line before it that goes the same way."""
    if across and down:
        steps.append(("l", [across, down]))
        return
    command, by = ("v", down) if down else ("h", across)
    if steps[-1][0] == command and steps[-1][1][0] * by >= 0:
        steps[-1][1][0] += by
    elif by or steps[-1][0] == "m":
        steps.append((command, [by]))


def _joined(steps: list[tuple[str, list[int]]], units: int) -> str:
    """The steps in as few characters as may be: no letter twice running, no space before a minus."""
    text, last = "", ""
    for command, numbers in steps:
        # a pair after that of an m is a line, so an m is always named
        words = "" if command == last and command in "lhvqc" else command
        for number in numbers:
            word = _number(number, units)
            words += word if word[0] == "-" or words[-1:].isalpha() else f" {word}"
        text, last = text + words, command
    return text


def _number(units: int, per: int) -> str:
    """A length in whole units of 1/per as a decimal: 12.5, -3, .25."""
    whole, rest = divmod(abs(units), per)
    decimals = str(rest).zfill(len(str(per)) - 1).rstrip("0")
    digits = (str(whole) if whole or not decimals else "") + (f".{decimals}" if decimals else "")
    return f"-{digits}" if units < 0 else digits


def _rounded(word: str) -> str:
    """A number to two decimals; any other word as it is."""
    try:
        return _number(round(float(word) * 100), 100)
    except ValueError:
        return word.strip()


def _target(value: str) -> str:
    """The id to which `url(#id)` refers; nothing where it refers to none."""
    return value[5:-1] if value.startswith("url(#") else ""
