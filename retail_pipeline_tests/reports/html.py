"""A page as a browser and a screen reader take it."""

import base64
from html.parser import HTMLParser

LOADING = {"src", "href", "data", "srcset", "poster", "action"}
SILENT = {"style", "script"}
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Tags in order with their attributes, texts that are shown, what is told of images, and what would be loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} closes what is not open"

    def handle_data(self, data: str) -> None:
        if data.strip() and not SILENT & set(self._open):
            self.texts.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def told(self) -> list[str]:
        """What stands for the images."""
        return [image["alt"] for image in self.all("img")]

    @property
    def loads(self) -> list[str]:
        """Every address in the page."""
        return [value for _, found in self.tags for name, value in found.items() if name in LOADING and value]

    @property
    def pictures(self) -> list[str]:
        """The images, which are SVG documents."""
        return [base64.b64decode(image["src"].partition(",")[2]).decode() for image in self.all("img")]
