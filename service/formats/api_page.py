"""An OpenAPI document as one page of HTML that needs no script and no other server."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark;
  --ink: #1c2b36; --soft: #5c6f7c; --line: #d5dee4; --ice: #0f6e8c; --ground: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3ecf1; --soft: #93a6b2; --line: #2e3d47; --ice: #6cc5df; --ground: #12191e; }
}
body { margin: 2.5rem auto; max-width: 60rem; padding: 0 1rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-weight: 600; margin-bottom: 0; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); text-transform: capitalize; }
a { color: var(--ice); }
details { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: .55rem 0; }
code { font-family: ui-monospace, monospace; font-size: .92em; }
.method { display: inline-block; width: 4.2rem; color: var(--ice); font-weight: 600; }
.about { color: var(--soft); margin-left: .8rem; }
table { border-collapse: collapse; width: 100%; margin: .3rem 0 1rem; }
td { padding: .3rem .8rem .3rem 0; vertical-align: top; border-top: 1px solid var(--line); }
td:first-child { white-space: nowrap; }
"""


def page(description: dict[str, Any], base: str) -> str:
    """The page of an API; `base` is its address."""
    info = description["info"]
    body = "".join(_group(tag, list(_operations(description, tag))) for tag in _tags(description))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}</p>"
        f"<p>At <code>{escape(base)}</code>; for machines: "
        f'<a href="api">OpenAPI {escape(description["openapi"])}</a>.</p>'
        f"{body}</body></html>"
    )


def _tags(description: dict[str, Any]) -> list[str]:
    found = (
        tag for path in description["paths"].values() for op in path.values() for tag in op.get("tags", [])
    )
    return list(dict.fromkeys(found))


def _operations(description: dict[str, Any], tag: str) -> Iterator[str]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if tag in operation.get("tags", []):
                yield _operation(path, method, operation, description["components"]["schemas"])


def _group(tag: str, operations: list[str]) -> str:
    return f"<h2>{escape(tag)}</h2>{''.join(operations)}"


def _operation(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    rows = "".join(_parameter(parameter) for parameter in operation.get("parameters", []))
    rows += "".join(_parameter(member) for member in _members(operation.get("requestBody", {}), schemas))
    table = f"<table>{rows}</table>" if rows else ""
    return (
        f'<details id="{escape(operation["operationId"])}">'
        f'<summary><code><span class="method">{method.upper()}</span>{escape(path)}</code>'
        f'<span class="about">{escape(operation.get("summary", ""))}</span></summary>'
        f"<p>{escape(operation.get('description', ''))}</p>{table}</details>"
    )


def _members(body: dict[str, Any], schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The members of a JSON body in the form of parameters."""
    reference = body.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    schema = schemas.get(reference.rpartition("/")[2], {})
    for name, member in schema.get("properties", {}).items():
        yield {"name": f"body.{name}", "schema": member, "required": name in schema.get("required", [])}


def _parameter(parameter: dict[str, Any]) -> str:
    schema = parameter.get("schema", {})
    facts = [_kind(schema), "required" if parameter.get("required") else ""]
    if schema.get("default") is not None:
        facts.append(f"default {schema['default']}")
    cells = (
        f"<code>{escape(parameter['name'])}</code>",
        escape(", ".join(fact for fact in facts if fact)),
        escape(parameter.get("description", schema.get("description", ""))),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _kind(schema: dict[str, Any]) -> str:
    """What a value is, in a few words."""
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_kind(part) for part in schema["anyOf"] if part.get("type") != "null")
    low, high = schema.get("minimum"), schema.get("maximum")
    span = f" {low:g}..{high:g}" if low is not None and high is not None else ""
    return f"{schema.get('type', 'any')}{span}"
