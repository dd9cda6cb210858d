"""OGC API Environmental Data Retrieval on finished products: places in, coverages out, nothing computed."""
