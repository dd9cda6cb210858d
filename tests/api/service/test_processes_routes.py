import pytest

PATH = "/processes/velocity-cube/execution"
NO_SUCH_PROCESS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process"


def test_the_list_of_processes_conforms(api, conforms):
    document = api.get("/processes").json()
    conforms(document, "processList")
    assert [process["id"] for process in document["processes"]] == ["velocity-point", "velocity-cube"]
    for link in document["processes"][0]["links"]:
        assert link["href"].startswith(str(api.base_url))


def test_a_process_describes_every_input_and_output(api, conforms):
    document = api.get("/processes/velocity-cube").json()
    conforms(document, "process")
    assert document["jobControlOptions"] == ["async-execute", "dismiss"]
    assert set(document["outputs"]) == {"product", "item", "summary"}
    inputs = document["inputs"]
    assert all(part["description"] and part["maxOccurs"] == 1 for part in inputs.values())
    assert [name for name, part in inputs.items() if part["minOccurs"]] == ["bbox"]
    number, rule = inputs["coefficient"]["schema"]["anyOf"]
    assert number == {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 1e6}
    assert rule == {"type": "string", "enum": ["auto", "vvc", "lcurve"]}
    assert len(inputs["bbox"]["schema"]["oneOf"]) == 2


def test_an_unknown_process_is_told_with_the_uri_of_ogc(api, conforms):
    for answer in (
        api.get("/processes/velocity-tube"),
        api.post("/processes/velocity-tube/execution", json={}),
    ):
        assert answer.status_code == 404
        assert answer.json()["type"] == NO_SUCH_PROCESS
        assert "velocity-cube" in answer.json()["detail"]
        conforms(answer.json(), "exception")


BAD = {
    "no bbox": ({}, "body.inputs.bbox", "bbox is missing"),
    "unknown input": ({"stp": "P30D"}, "body.inputs.stp", "did you mean step"),
    "bbox empty": ({"bbox": [1, 2, 1, 3]}, "body.inputs.bbox", "empty"),
    "bbox reversed": ({"bbox": [1, 3, 2, 2]}, "body.inputs.bbox", "reversed in latitude"),
    "bbox across the antimeridian": ({"bbox": [179, 2, -179, 3]}, "body.inputs.bbox", "two boxes"),
    "bbox of text": ({"bbox": "1,2,3,4"}, "body.inputs.bbox", "four numbers"),
    "bbox in another CRS": (
        {"bbox": {"bbox": [1, 2, 3, 4], "crs": "EPSG:3413"}},
        "body.inputs.bbox",
        "EPSG:3413",
    ),
    "step too short": ({"step": "P1D"}, "body.inputs.step", "P5D to P1Y"),
    "step wrapped": ({"step": {"value": "P1D"}}, "body.inputs.step", "P5D to P1Y"),
    "datetime reversed": ({"datetime": "2016-01-01/2015-01-01"}, "body.inputs.datetime", "earlier date"),
    "unknown value": (
        {"interval": "wide"},
        "body.inputs.interval",
        "'theoretical' or 'scaled'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_inputs_get_a_clear_answer(api, region, conforms, case):
    changes, loc, message = BAD[case]
    answer = api.post(PATH, json={"inputs": ({"bbox": region} if case != "no bbox" else {}) | changes})
    assert answer.status_code == 400
    document = answer.json()
    conforms(document, "exception")
    assert document["errors"][0]["loc"] == loc
    assert message in document["errors"][0]["msg"]
    assert api.get("/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"input": {}}, "body.input"),
        ({"inputs": [1]}, "body.inputs"),
        ({"inputs": {}, "response": "loud"}, "body.response"),
        ({"inputs": {}, "subscriber": {"successUri": "http://plain.example"}}, "body.subscriber.successUri"),
        ({"inputs": {}, "subscriber": {"failedUri": "https://a.example"}}, "body.subscriber.successUri"),
    ],
)
def test_a_body_of_another_form_is_refused(api, body, loc):
    answer = api.post(PATH, json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] == loc


def test_an_unknown_output_is_refused(api, region):
    answer = api.post(PATH, json={"inputs": {"bbox": region}, "outputs": {"produce": {}}})
    assert answer.json()["errors"][0]["loc"] == "body.outputs.produce"
    assert "product" in answer.json()["detail"]


@pytest.mark.parametrize("content", [b"{", b"", b"bbox=1,2,3,4"])
def test_a_body_that_is_no_json_is_refused(api, content):
    answer = api.post(PATH, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"].startswith("body")


def test_a_region_without_a_cube_names_the_nearest(api, cube):
    answer = api.post(PATH, json={"inputs": {"bbox": [-130, 60, -129.9, 60.1]}})
    assert answer.status_code == 404
    assert answer.json()["nearest_cube"] in cube


def test_a_step_longer_than_the_record_is_placed_in_the_body(api, region):
    inputs = {"bbox": region, "datetime": "1990-01-01/1991-01-01"}
    answer = api.post(PATH, json={"inputs": inputs})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] == "body.inputs.datetime"


def test_a_region_over_the_limit_comes_with_a_split_that_fits(serve, settings, region):
    small = settings.model_copy(update={"limit_pixels": 700})
    with serve(settings=small) as client:
        answer = client.post(PATH, json={"inputs": {"bbox": region}})
        assert answer.status_code == 413
        document = answer.json()
        assert document["limits"] == {"max_pixels": 700, "max_cpu_seconds": 72_000}
        assert (document["estimate"]["pixels"], document["estimate"]["fits"]) == (1200, False)
        assert document["async"] == PATH
        for bbox in document["split"]:
            part = client.post(PATH, json={"inputs": {"bbox": {"bbox": bbox}}})
            assert part.status_code == 201, part.text
