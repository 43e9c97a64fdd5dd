-- Durable executions (docs/decisions/0024). Everything that drives one goes through its row in async_events, which has the same id.
CREATE TABLE durable_executions (
  id                  UUID           NOT NULL,
  account_id          CHAR(12)       NOT NULL,
  region              TEXT           NOT NULL,
  function_name       TEXT           NOT NULL,
  function_id         UUID           NOT NULL,
  version             TEXT           NOT NULL,
  name                TEXT           NOT NULL,
  status              TEXT           NOT NULL DEFAULT 'RUNNING',
  synchronous         BOOLEAN        NOT NULL,
  input               BYTEA          NOT NULL,
  input_sha256        BYTEA          NOT NULL,
  trace_header        TEXT           NOT NULL,
  result              BYTEA,
  error               BYTEA,
  log_tail            BYTEA,
  execution_timeout_s INTEGER        NOT NULL,
  retention_days      INTEGER        NOT NULL,
  started_at          TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  timeout_at          TIMESTAMPTZ(3) NOT NULL,
  ended_at            TIMESTAMPTZ(3),
  delete_at           TIMESTAMPTZ(3),
  generation          INTEGER        NOT NULL DEFAULT 0,
  sequence            INTEGER        NOT NULL DEFAULT 0,
  client_token        TEXT,
  revision            INTEGER        NOT NULL DEFAULT 0,
  seen_revision       INTEGER        NOT NULL DEFAULT 0,
  prior_seen_revision INTEGER        NOT NULL DEFAULT 0,
  invoking            BOOLEAN        NOT NULL DEFAULT false,
  answered            BOOLEAN        NOT NULL DEFAULT false,
  failures            INTEGER        NOT NULL DEFAULT 0,
  woken               BOOLEAN        NOT NULL DEFAULT false,
  operations          INTEGER        NOT NULL DEFAULT 0,
  stored_bytes        INTEGER        NOT NULL DEFAULT 0,
  events              INTEGER        NOT NULL DEFAULT 0,
  pause_requested_at  TIMESTAMPTZ(3),
  pause_reason        TEXT,
  timeout_paused      BOOLEAN        NOT NULL DEFAULT false,
  parent_id           UUID,
  parent_operation_id TEXT,
  CONSTRAINT durable_executions_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX durable_executions_account_id_region_function_name_name_key ON durable_executions (account_id, region, function_name, name);
CREATE INDEX durable_executions_account_id_region_function_name_started__idx ON durable_executions (account_id, region, function_name, started_at, id);
CREATE INDEX durable_executions_woken_idx ON durable_executions (woken);
CREATE INDEX durable_executions_delete_at_idx ON durable_executions (delete_at);

CREATE TABLE durable_operations (
  execution_id    UUID           NOT NULL,
  id              TEXT           NOT NULL,
  ordinal         INTEGER        NOT NULL,
  parent_id       TEXT,
  name            TEXT,
  type            TEXT           NOT NULL,
  sub_type        TEXT,
  status          TEXT           NOT NULL,
  started_at      TIMESTAMPTZ(3) NOT NULL,
  ended_at        TIMESTAMPTZ(3),
  due_at          TIMESTAMPTZ(3),
  attempt         INTEGER        NOT NULL DEFAULT 0,
  result          BYTEA,
  error           BYTEA,
  replay_children BOOLEAN        NOT NULL DEFAULT false,
  options         JSONB          NOT NULL DEFAULT '{}',
  revision        INTEGER        NOT NULL,
  CONSTRAINT durable_operations_pkey PRIMARY KEY (execution_id, id),
  CONSTRAINT durable_operations_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES durable_executions (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX durable_operations_execution_id_due_at_idx ON durable_operations (execution_id, due_at);
CREATE INDEX durable_operations_execution_id_ordinal_idx ON durable_operations (execution_id, ordinal);

CREATE TABLE durable_history (
  execution_id UUID           NOT NULL,
  event_id     INTEGER        NOT NULL,
  at           TIMESTAMPTZ(3) NOT NULL,
  type         TEXT           NOT NULL,
  operation_id TEXT,
  parent_id    TEXT,
  name         TEXT,
  sub_type     TEXT,
  details      BYTEA          NOT NULL,
  CONSTRAINT durable_history_pkey PRIMARY KEY (execution_id, event_id),
  CONSTRAINT durable_history_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES durable_executions (id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- An event that drives an execution (its id is the execution's), or that was sent by a CHAINED_INVOKE of one (then with its operation).
ALTER TABLE async_events ADD COLUMN durable_execution UUID, ADD COLUMN durable_operation TEXT;
