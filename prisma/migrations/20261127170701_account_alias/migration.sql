ALTER TABLE "accounts" ADD COLUMN "alias" TEXT;

CREATE UNIQUE INDEX "accounts_alias_key" ON "accounts"("alias");
