"""What QGIS sees of a service: run with its own Python, the address, and a folder of downloads to work in.

Tells as JSON which items it lists, the CRS of each layer, and the speed at each point of `part.csv` thrice:
as listed, and from the raster and the mesh of `product.nc`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsMeshDatasetIndex,
    QgsMeshLayer,
    QgsRasterLayer,
    QgsVectorLayer,
)

DAY_MS = 86_400_000

address, folder = sys.argv[1], Path(sys.argv[2])
program = QgsApplication([], False)
program.initQgis()
items = QgsVectorLayer(f"/vsicurl/{address}/collections/ogive-velocity/items?limit=100", "items", "ogr")
how = "type=csv&detectTypes=yes&skipLines=6&xField=x&yField=y&crs=EPSG:32607"
points = QgsVectorLayer(f"file://{folder}/part.csv?{how}", "points", "delimitedtext")
raster = QgsRasterLayer(f'NETCDF:"{folder}/product.nc":v', "v", "gdal")
mesh = QgsMeshLayer(f"{folder}/product.nc", "mesh", "mdal")
mesh.updateTriangularMesh()
(speed,) = (
    group
    for group in mesh.datasetGroupsIndexes()
    if mesh.datasetGroupMetadata(QgsMeshDatasetIndex(group)).name().startswith("ice speed")
)
steps = [QgsMeshDatasetIndex(speed, band) for band in range(raster.bandCount())]
moments = [mesh.datasetRelativeTimeInMilliseconds(step) for step in steps]
seen = []
for point in points.getFeatures():
    place, band = point.geometry().asPoint(), moments.index(point["time"].toMSecsSinceEpoch())
    days = f"time={moments[band] // DAY_MS} "
    assert days in raster.dataProvider().generateBandName(band + 1)
    value = raster.dataProvider().sample(place, band + 1)[0]
    seen.append([point["v"], value, mesh.datasetValue(steps[band], place, 0).scalar()])
crs = [layer.crs().authid() for layer in (items, points, raster, mesh)]
print(json.dumps({"items": [item["id"] for item in items.getFeatures()], "crs": crs, "seen": seen}))
