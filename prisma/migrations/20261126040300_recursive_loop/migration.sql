-- AlterTable: what becomes of a function that invokes itself over and over.
ALTER TABLE "functions" ADD COLUMN "recursive_loop" TEXT NOT NULL DEFAULT 'Terminate';
