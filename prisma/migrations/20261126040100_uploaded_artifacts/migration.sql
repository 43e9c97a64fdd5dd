-- CreateTable: objects of the bucket `hearth-artifacts`, one per account and key.
CREATE TABLE "uploaded_artifacts" (
    "account_id" CHAR(12) NOT NULL,
    "key" TEXT NOT NULL,
    "version_id" UUID NOT NULL,
    "content" BYTEA NOT NULL,
    "uploaded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "uploaded_artifacts_pkey" PRIMARY KEY ("account_id", "key")
);

-- Archives do not compress: no time is spent on trying.
ALTER TABLE "uploaded_artifacts" ALTER COLUMN "content" SET STORAGE EXTERNAL;
