-- Lives of workers that hold credentials of execution roles in their sandboxes. Once a life is over its row goes, and with it its keys.
CREATE TABLE "sandbox_hosts" (
    "id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "renewed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "suspected_at" TIMESTAMPTZ(3),

    CONSTRAINT "sandbox_hosts_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "sandbox_hosts_owner_idx" ON "sandbox_hosts"("owner");

ALTER TABLE "access_keys" ADD COLUMN "sandbox_host_id" TEXT;

CREATE INDEX "access_keys_sandbox_host_id_idx" ON "access_keys"("sandbox_host_id");

ALTER TABLE "access_keys" ADD CONSTRAINT "access_keys_sandbox_host_id_fkey" FOREIGN KEY ("sandbox_host_id") REFERENCES "sandbox_hosts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- lambda:SourceFunctionArn of calls made with the key.
ALTER TABLE "sts_sessions" ADD COLUMN "source_function_arn" TEXT;
