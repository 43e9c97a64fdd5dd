-- Which worker has the image of which runtime, and who waits for it to be built or pulled (docs/decisions/0032).
CREATE TABLE "runtime_workers" (
  "id" TEXT NOT NULL,
  "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "runtime_workers_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "runtime_images" (
  "worker_id" TEXT NOT NULL,
  "runtime" TEXT NOT NULL,
  "image" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "detail" TEXT NOT NULL DEFAULT '',
  "requested_at" TIMESTAMPTZ(3),
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "runtime_images_pkey" PRIMARY KEY ("worker_id", "runtime")
);

ALTER TABLE "runtime_images" ADD CONSTRAINT "runtime_images_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "runtime_workers"("id") ON DELETE CASCADE ON UPDATE CASCADE;
