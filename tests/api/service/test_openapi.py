"""The description of the API is its documentation: nothing in it is left unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.app import create_app
from service.formats.answers import ANSWERS, COMPONENTS, PATHS
from service.settings import Settings


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(Settings(data=tmp_path_factory.mktemp("data"))).openapi()


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_has_a_name_and_says_what_it_does(description) -> None:
    names = [operation.get("operationId") for _, operation in operations(description)]
    assert all(names)
    assert len(set(names)) == len(names)
    for place, operation in operations(description):
        assert operation.get("summary"), place
        assert operation.get("description"), place


def test_every_parameter_is_described_with_an_example(description) -> None:
    unsaid = []
    for place, operation in operations(description):
        for parameter in operation.get("parameters", []):
            schema = parameter.get("schema", {})
            example = {"example", "examples"} & (set(parameter) | set(schema))
            if not (parameter.get("description") and example):
                unsaid.append(f"{place} {parameter['in']} {parameter['name']}")
    assert unsaid == []


def test_every_member_of_a_body_is_described(description) -> None:
    unsaid = []
    for place, operation in operations(description):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            members = description["components"]["schemas"].get(name, {}).get("properties", {})
            unsaid += [f"{place} {name}" for name, about in members.items() if not about.get("description")]
    assert unsaid == []


def test_every_answer_has_a_shape_and_every_refusal_is_a_problem(description) -> None:
    unsaid = []
    for place, operation in operations(description):
        responses = operation["responses"]
        for status, response in responses.items():
            content = response.get("content", {})
            if status.startswith("2") and not all(media.get("schema") for media in content.values()):
                unsaid.append(f"{place} {status}")
            if status.startswith("4") or status == "default":
                assert list(content) == ["application/problem+json"], place
        assert {"400", "default"} <= set(responses)
        assert "422" not in responses
        assert ("404" in responses) is ("{" in place)
        assert any(status.startswith("2") for status in responses)
    assert unsaid == []


def test_nothing_is_described_that_is_not_there(description) -> None:
    names = {operation["operationId"] for _, operation in operations(description)}
    assert set(ANSWERS) <= names
    parameters = [p for _, one in operations(description) for p in one.get("parameters", [])]
    assert set(PATHS) == {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
    text = str(description["paths"]) + str(COMPONENTS)
    assert [name for name in COMPONENTS if f"schemas/{name}'" not in text] == []
