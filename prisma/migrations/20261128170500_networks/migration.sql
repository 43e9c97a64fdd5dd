-- Networks of the operator's that functions may be attached to by VpcConfig (docs/decisions/0034).

-- CreateTable
CREATE TABLE "networks" (
    "account_id" CHAR(12) NOT NULL,
    "name" TEXT NOT NULL,
    "docker_network" TEXT NOT NULL,
    "subnet_id" TEXT NOT NULL,
    "security_group_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "networks_pkey" PRIMARY KEY ("account_id","name")
);

-- CreateIndex
CREATE UNIQUE INDEX "networks_subnet_id_key" ON "networks"("subnet_id");

-- AddForeignKey
ALTER TABLE "networks" ADD CONSTRAINT "networks_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
