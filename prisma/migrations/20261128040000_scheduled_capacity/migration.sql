-- Provisioned concurrency that follows a schedule (Application Auto Scaling of lambda:function:ProvisionedConcurrency).
CREATE TABLE scalable_targets (
  account_id      CHAR(12)       NOT NULL,
  region          TEXT           NOT NULL,
  resource_id     TEXT           NOT NULL,
  arn_id          TEXT           NOT NULL,
  min_capacity    INTEGER        NOT NULL,
  max_capacity    INTEGER        NOT NULL,
  suspended_state JSONB          NOT NULL,
  created_at      TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT scalable_targets_pkey PRIMARY KEY (account_id, region, resource_id)
);

CREATE TABLE scheduled_actions (
  account_id   CHAR(12)       NOT NULL,
  region       TEXT           NOT NULL,
  resource_id  TEXT           NOT NULL,
  name         TEXT           NOT NULL,
  arn_id       TEXT           NOT NULL,
  schedule     TEXT           NOT NULL,
  timezone     TEXT,
  start_time   TIMESTAMPTZ(3),
  end_time     TIMESTAMPTZ(3),
  min_capacity INTEGER,
  max_capacity INTEGER,
  created_at   TIMESTAMPTZ(3) NOT NULL,
  due_at       TIMESTAMPTZ(3),
  CONSTRAINT scheduled_actions_pkey PRIMARY KEY (account_id, region, resource_id, name),
  CONSTRAINT scheduled_actions_account_id_region_resource_id_fkey FOREIGN KEY (account_id, region, resource_id)
    REFERENCES scalable_targets (account_id, region, resource_id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX scheduled_actions_due_at_idx ON scheduled_actions (due_at);
