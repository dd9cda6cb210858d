"""What users talk to: the HTTP API, the job records, the catalog and the command line."""
