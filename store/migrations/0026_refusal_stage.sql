-- The command that the relay rejected: "MAIL FROM", "RCPT TO", "DATA" or "end of DATA". '': another server's report, or unknown.
ALTER TABLE refusal ADD COLUMN stage TEXT NOT NULL DEFAULT '';
