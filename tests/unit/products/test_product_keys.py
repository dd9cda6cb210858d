import pytest

from workers.products import keys

PRODUCT = "ogive_EPSG3413_X-150000_Y-2250000_20150101_20241231_P30D_v1_1f0c6e7d"


def test_everything_of_a_product_lies_side_by_side():
    folder = "v1/EPSG3413"
    assert keys.folder(PRODUCT) == folder
    assert keys.group(PRODUCT) == f"{folder}/{PRODUCT}.zarr"
    assert keys.manifest(PRODUCT) == f"{folder}/{PRODUCT}.manifest.json"
    assert keys.request(PRODUCT) == f"{folder}/{PRODUCT}.request.json"
    assert keys.receipts(PRODUCT) == f"{folder}/{PRODUCT}.shards"
    assert keys.item(PRODUCT) == f"{folder}/{PRODUCT}.json"
    assert keys.collection("ogive-velocity") == "v1/ogive-velocity.json"


@pytest.mark.parametrize(
    "text", ["", "ogive", "../x_EPSG1_a", "a_EPSG1_/../b", "a_EPSG1_..", "a_EPSG_b", "a_EPSG1_b\n"]
)
def test_other_texts_name_no_product(text):
    with pytest.raises(FileNotFoundError, match="no product id"):
        keys.folder(text)
