CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.catalog_items (
    number integer NOT NULL,
    id character varying NOT NULL,
    collection character varying NOT NULL,
    west double precision NOT NULL,
    south double precision NOT NULL,
    east double precision NOT NULL,
    north double precision NOT NULL,
    first timestamp without time zone NOT NULL,
    last timestamp without time zone NOT NULL,
    footprint bytea NOT NULL,
    document json NOT NULL
);
CREATE SEQUENCE public.catalog_items_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.catalog_items_number_seq OWNED BY public.catalog_items.number;
CREATE TABLE public.idempotency_keys (
    key character varying NOT NULL,
    body_sha256 character varying(64) NOT NULL,
    job character varying(36) NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.job_callbacks (
    number integer NOT NULL,
    job character varying(36) NOT NULL,
    status character varying(16) NOT NULL,
    uri text NOT NULL,
    attempts integer NOT NULL,
    due timestamp without time zone
);
CREATE SEQUENCE public.job_callbacks_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.job_callbacks_number_seq OWNED BY public.job_callbacks.number;
CREATE TABLE public.job_logs (
    number integer NOT NULL,
    job character varying(36) NOT NULL,
    "time" timestamp without time zone NOT NULL,
    level character varying(8) NOT NULL,
    message text NOT NULL
);
CREATE SEQUENCE public.job_logs_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.job_logs_number_seq OWNED BY public.job_logs.number;
CREATE TABLE public.job_results (
    job character varying(36) NOT NULL,
    content bytea NOT NULL
);
CREATE TABLE public.jobs (
    number integer NOT NULL,
    id character varying(36) NOT NULL,
    process character varying NOT NULL,
    status character varying(16) NOT NULL,
    message text NOT NULL,
    created timestamp without time zone NOT NULL,
    started timestamp without time zone,
    finished timestamp without time zone,
    updated timestamp without time zone NOT NULL,
    estimated_finish timestamp without time zone,
    seconds double precision,
    request json NOT NULL,
    request_sha256 character varying(64) NOT NULL,
    version integer NOT NULL,
    attempt integer NOT NULL,
    base character varying NOT NULL,
    deadline timestamp without time zone,
    max_cpu_seconds double precision,
    pixels integer NOT NULL,
    layers integer NOT NULL,
    estimated_cpu_seconds double precision,
    plan text NOT NULL,
    blocks_total integer NOT NULL,
    blocks_done integer NOT NULL,
    blocks_empty integer NOT NULL,
    blocks_failed integer NOT NULL,
    cpu_seconds double precision NOT NULL,
    product character varying,
    collection character varying,
    item character varying,
    summary json,
    problem json,
    expires timestamp without time zone,
    dropped boolean NOT NULL
);
CREATE SEQUENCE public.jobs_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.jobs_number_seq OWNED BY public.jobs.number;
ALTER TABLE ONLY public.catalog_items ALTER COLUMN number SET DEFAULT nextval('public.catalog_items_number_seq'::regclass);
ALTER TABLE ONLY public.job_callbacks ALTER COLUMN number SET DEFAULT nextval('public.job_callbacks_number_seq'::regclass);
ALTER TABLE ONLY public.job_logs ALTER COLUMN number SET DEFAULT nextval('public.job_logs_number_seq'::regclass);
ALTER TABLE ONLY public.jobs ALTER COLUMN number SET DEFAULT nextval('public.jobs_number_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.catalog_items VALUES (1, 'ogive_first', 'ogive-velocity', -139.1, 60.7, -138.9, 60.8, '2015-01-01 00:00:00', '2024-12-31 00:00:00', '\x0103000000010000000500000033333333336361c09a99999999594e40cdcccccccc5c61c09a99999999594e40cdcccccccc5c61c06666666666664e4033333333336361c06666666666664e4033333333336361c09a99999999594e40', '{"type": "Feature", "stac_version": "1.1.0", "id": "ogive_first", "collection": "ogive-velocity", "geometry": {"type": "Polygon", "coordinates": [[[-139.1, 60.7], [-138.9, 60.7], [-138.9, 60.8], [-139.1, 60.8], [-139.1, 60.7]]]}, "bbox": [-139.1, 60.7, -138.9, 60.8], "properties": {"datetime": null, "start_datetime": "2015-01-01T00:00:00Z", "end_datetime": "2024-12-31T00:00:00Z", "title": "The first product"}, "links": [], "assets": {}}');
INSERT INTO public.idempotency_keys VALUES ('once', 'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', '11111111-1111-4111-8111-111111111111', '2026-11-21 10:00:00');
INSERT INTO public.job_callbacks VALUES (1, '11111111-1111-4111-8111-111111111111', 'successful', 'https://subscriber.example/', 1, NULL);
INSERT INTO public.job_logs VALUES (1, '11111111-1111-4111-8111-111111111111', '2026-11-21 10:00:00', 'info', 'Started.');
INSERT INTO public.jobs VALUES (1, '11111111-1111-4111-8111-111111111111', 'velocity-cube', 'successful', 'Done.', '2026-11-21 10:00:00', '2026-11-21 10:00:00', '2026-11-21 10:02:00', '2026-11-21 10:02:00', NULL, 120, '{"inputs": {"bbox": [-139.1, 60.7, -138.9, 60.8]}}', 'abababababababababababababababababababababababababababababababab', 1, 1, 'http://ogive.test', NULL, NULL, 9, 400, NULL, '{}', 4, 4, 0, 0, 3.5, 'ogive_first', 'ogive-velocity', 'ogive_first', '{"solved": 9}', NULL, NULL, false);
SELECT pg_catalog.setval('public.catalog_items_number_seq', 1, true);
SELECT pg_catalog.setval('public.job_callbacks_number_seq', 1, true);
SELECT pg_catalog.setval('public.job_logs_number_seq', 1, true);
SELECT pg_catalog.setval('public.jobs_number_seq', 1, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.catalog_items
    ADD CONSTRAINT catalog_items_id_key UNIQUE (id);
ALTER TABLE ONLY public.catalog_items
    ADD CONSTRAINT catalog_items_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.job_callbacks
    ADD CONSTRAINT job_callbacks_job_status_key UNIQUE (job, status);
ALTER TABLE ONLY public.job_callbacks
    ADD CONSTRAINT job_callbacks_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.job_logs
    ADD CONSTRAINT job_logs_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.job_results
    ADD CONSTRAINT job_results_pkey PRIMARY KEY (job);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_id_key UNIQUE (id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_request_sha256_version_attempt_key UNIQUE (request_sha256, version, attempt);
CREATE INDEX ix_catalog_items_collection ON public.catalog_items USING btree (collection);
CREATE INDEX ix_idempotency_keys_created ON public.idempotency_keys USING btree (created);
CREATE INDEX ix_job_callbacks_due ON public.job_callbacks USING btree (due);
CREATE INDEX ix_job_logs_job ON public.job_logs USING btree (job);
CREATE INDEX ix_jobs_expires ON public.jobs USING btree (expires);
CREATE INDEX ix_jobs_process ON public.jobs USING btree (process);
CREATE INDEX ix_jobs_status ON public.jobs USING btree (status);
