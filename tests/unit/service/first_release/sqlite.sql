BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE catalog_items (
	number INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	collection VARCHAR NOT NULL, 
	west FLOAT NOT NULL, 
	south FLOAT NOT NULL, 
	east FLOAT NOT NULL, 
	north FLOAT NOT NULL, 
	first DATETIME NOT NULL, 
	last DATETIME NOT NULL, 
	footprint BLOB NOT NULL, 
	document JSON NOT NULL, 
	CONSTRAINT catalog_items_pkey PRIMARY KEY (number), 
	CONSTRAINT catalog_items_id_key UNIQUE (id)
);
INSERT INTO "catalog_items" VALUES(1,'ogive_first','ogive-velocity',-139.1,60.7,-138.9,60.8,'2015-01-01 00:00:00.000000','2024-12-31 00:00:00.000000',X'0103000000010000000500000033333333336361C09A99999999594E40CDCCCCCCCC5C61C09A99999999594E40CDCCCCCCCC5C61C06666666666664E4033333333336361C06666666666664E4033333333336361C09A99999999594E40','{"type": "Feature", "stac_version": "1.1.0", "id": "ogive_first", "collection": "ogive-velocity", "geometry": {"type": "Polygon", "coordinates": [[[-139.1, 60.7], [-138.9, 60.7], [-138.9, 60.8], [-139.1, 60.8], [-139.1, 60.7]]]}, "bbox": [-139.1, 60.7, -138.9, 60.8], "properties": {"datetime": null, "start_datetime": "2015-01-01T00:00:00Z", "end_datetime": "2024-12-31T00:00:00Z", "title": "The first product"}, "links": [], "assets": {}}');
CREATE TABLE idempotency_keys (
	"key" VARCHAR NOT NULL, 
	body_sha256 VARCHAR(64) NOT NULL, 
	job VARCHAR(36) NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT idempotency_keys_pkey PRIMARY KEY ("key")
);
INSERT INTO "idempotency_keys" VALUES('once','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','11111111-1111-4111-8111-111111111111','2026-11-21 10:00:00.000000');
CREATE TABLE job_callbacks (
	number INTEGER NOT NULL, 
	job VARCHAR(36) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	uri TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	due DATETIME, 
	CONSTRAINT job_callbacks_pkey PRIMARY KEY (number), 
	CONSTRAINT job_callbacks_job_status_key UNIQUE (job, status)
);
INSERT INTO "job_callbacks" VALUES(1,'11111111-1111-4111-8111-111111111111','successful','https://subscriber.example/',1,NULL);
CREATE TABLE job_logs (
	number INTEGER NOT NULL, 
	job VARCHAR(36) NOT NULL, 
	time DATETIME NOT NULL, 
	level VARCHAR(8) NOT NULL, 
	message TEXT NOT NULL, 
	CONSTRAINT job_logs_pkey PRIMARY KEY (number)
);
INSERT INTO "job_logs" VALUES(1,'11111111-1111-4111-8111-111111111111','2026-11-21 10:00:00.000000','info','Started.');
CREATE TABLE job_results (
	job VARCHAR(36) NOT NULL, 
	content BLOB NOT NULL, 
	CONSTRAINT job_results_pkey PRIMARY KEY (job)
);
CREATE TABLE jobs (
	number INTEGER NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	process VARCHAR NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	message TEXT NOT NULL, 
	created DATETIME NOT NULL, 
	started DATETIME, 
	finished DATETIME, 
	updated DATETIME NOT NULL, 
	estimated_finish DATETIME, 
	seconds FLOAT, 
	request JSON NOT NULL, 
	request_sha256 VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	base VARCHAR NOT NULL, 
	deadline DATETIME, 
	max_cpu_seconds FLOAT, 
	pixels INTEGER NOT NULL, 
	layers INTEGER NOT NULL, 
	estimated_cpu_seconds FLOAT, 
	"plan" TEXT NOT NULL, 
	blocks_total INTEGER NOT NULL, 
	blocks_done INTEGER NOT NULL, 
	blocks_empty INTEGER NOT NULL, 
	blocks_failed INTEGER NOT NULL, 
	cpu_seconds FLOAT NOT NULL, 
	product VARCHAR, 
	collection VARCHAR, 
	item VARCHAR, 
	summary JSON, 
	problem JSON, 
	expires DATETIME, 
	dropped BOOLEAN NOT NULL, 
	CONSTRAINT jobs_pkey PRIMARY KEY (number), 
	CONSTRAINT jobs_id_key UNIQUE (id), 
	CONSTRAINT jobs_request_sha256_version_attempt_key UNIQUE (request_sha256, version, attempt)
);
INSERT INTO "jobs" VALUES(1,'11111111-1111-4111-8111-111111111111','velocity-cube','successful','Done.','2026-11-21 10:00:00.000000','2026-11-21 10:00:00.000000','2026-11-21 10:02:00.000000','2026-11-21 10:02:00.000000',NULL,120.0,'{"inputs": {"bbox": [-139.1, 60.7, -138.9, 60.8]}}','abababababababababababababababababababababababababababababababab',1,1,'http://ogive.test',NULL,NULL,9,400,NULL,'{}',4,4,0,0,3.5,'ogive_first','ogive-velocity','ogive_first','{"solved": 9}',NULL,NULL,0);
CREATE INDEX ix_catalog_items_collection ON catalog_items (collection);
CREATE INDEX ix_idempotency_keys_created ON idempotency_keys (created);
CREATE INDEX ix_job_callbacks_due ON job_callbacks (due);
CREATE INDEX ix_job_logs_job ON job_logs (job);
CREATE INDEX ix_jobs_expires ON jobs (expires);
CREATE INDEX ix_jobs_process ON jobs (process);
CREATE INDEX ix_jobs_status ON jobs (status);
COMMIT;
