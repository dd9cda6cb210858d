from typing import Literal

from pydantic import BaseModel, Field

from service.formats.oas30 import oas30


class Part(BaseModel):
    size: int = Field(gt=0, lt=9)


class Whole(BaseModel):
    name: str | None = Field(None, examples=["a", "b"])
    kind: Literal["only"] = "only"
    parts: list[Part]
    choice: int | str = 3


def test_what_the_older_dialect_lacks_is_rewritten():
    schema = Whole.model_json_schema()
    made = oas30(schema, schema["$defs"])["properties"]
    assert made["name"] == {"type": "string", "example": "a", "title": "Name"}
    assert made["kind"]["enum"] == ["only"]
    assert "const" not in made["kind"]
    size = made["parts"]["items"]["properties"]["size"]
    assert size["minimum"] == 0
    assert size["exclusiveMinimum"] is True
    assert size["exclusiveMaximum"] is True
    assert made["choice"]["anyOf"] == [{"type": "integer"}, {"type": "string"}]
    assert made["choice"]["default"] == 3
