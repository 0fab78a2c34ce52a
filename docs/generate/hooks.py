"""What mkdocs calls while it builds the site: adds the pages that are made, draws the diagrams."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "workflow/scripts")]

import mermaidx  # noqa: E402
from mkdocs.structure.files import File, Files, InclusionLevel  # noqa: E402

from generate import api, configuration, pictures, tables, workflow  # noqa: E402

RULES = ROOT / "workflow/rules"
LIBRARY = ROOT / "workflow/scripts/eatner"
_DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"^<!-- picture (\w+): (.*) -->$", re.MULTILINE)
_ROWS = re.compile(r"^<!-- rows (\w+): ([\w ]+) -->$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^]]*)\]\((\.\./[^)#\s]+)\)")
_DRAWN = ROOT / "build" / "diagrams"  # drawing one takes seconds


def on_config(config: Any) -> Any:
    """Name the pages of the library in the navigation."""
    [reference] = [section["Reference"] for section in config.nav if "Reference" in section]
    reference.append({"Library": list(api.pages(LIBRARY))})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made from the code, and a page for each file that a page links to."""
    made = {
        "reference/configuration.md": configuration.page(
            ROOT / "workflow/schemas/config.schema.yaml"
        ),
        "reference/tables.md": tables.page(),
        "reference/files.md": workflow.files_page(RULES),
        "reference/rules.md": workflow.rules_page(RULES),
        "reference/artifacts.md": workflow.artifacts_page(ROOT / "config/artifacts.tsv"),
        "reference/changes.md": _of_root("CHANGELOG.md"),
        "reference/security.md": _of_root("SECURITY.md"),
        **api.pages(LIBRARY),
    }
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    for path in sorted({path for file in files for path in _linked(file)}):
        text = (ROOT / path).read_text(encoding="utf-8")
        page = f"# `{path}`\n\n```{_lexer(path)}\n{text}\n```\n"
        source = File.generated(config, _source_page(path), content=page)
        source.inclusion = InclusionLevel.NOT_IN_NAV
        files.append(source)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Draw diagrams and pictures, and lead links to files of the project to their pages."""
    folder = PurePosixPath(page.file.src_uri).parent
    markdown = _LINK.sub(lambda link: _lead(link, folder), markdown)
    markdown = _PICTURE.sub(lambda found: pictures.draw(found[1], found[2]), markdown)
    markdown = _ROWS.sub(lambda found: pictures.rows(found[1], found[2].split()), markdown)
    return _DIAGRAM.sub(lambda found: _diagram(found[1]), markdown)


def _of_root(name: str) -> str:
    """A page of the project's root, whose links lead to the pages of the site."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return text.replace("](docs/", "](../").replace("](SECURITY.md", "](security.md")


def _linked(file: File) -> list[str]:
    """The files of the project outside docs/ that a page links to."""
    if not file.is_documentation_page():
        return []
    folder = PurePosixPath(file.src_uri).parent
    paths = (_outside(folder, target) for _, target in _LINK.findall(file.content_string))
    return [path for path in paths if path]


def _outside(folder: PurePosixPath, target: str) -> str | None:
    """The path of a link's target from the project's root, if it is a file outside docs/."""
    path = (ROOT / "docs" / folder / target).resolve()
    if not path.is_file() or path.is_relative_to(ROOT / "docs"):
        return None
    return path.relative_to(ROOT).as_posix()


def _lead(link: re.Match[str], folder: PurePosixPath) -> str:
    path = _outside(folder, link[2])
    if path is None:
        return link[0]
    up = "../" * len(folder.parts)
    return f"[{link[1]}]({up}{_source_page(path)})"


def _source_page(path: str) -> str:
    return f"source/{path}.md"


def _lexer(path: str) -> str:
    return {".yaml": "yaml", ".yml": "yaml", ".py": "python"}.get(
        PurePosixPath(path).suffix, "text"
    )


def _diagram(code: str) -> str:
    """Draw a Mermaid diagram as SVG, which needs no script and no network."""
    name = hashlib.sha256(code.encode()).hexdigest()[:16]
    path = _DRAWN / f"{name}.svg"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        mermaidx.render(code).save(str(path))
    svg = path.read_text(encoding="utf-8").replace("my-svg", f"diagram-{name}")
    return f'<div class="picture diagram" tabindex="0">{" ".join(svg.split())}</div>'
