#!/usr/bin/env node
// Stand-in for Prisma's downloaded schema engine: the same JSON-RPC over @prisma/schema-engine-wasm and adapter-pg, so that
// `prisma migrate` works where no engine can be downloaded. Development only; production uses libs/database/migrations.ts.
import { readFileSync } from 'node:fs'; import { createInterface } from 'node:readline'; import { parseArgs } from 'node:util'; import pg from 'pg'
import { PrismaPg } from '@prisma/adapter-pg'; import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bg from '@prisma/schema-engine-wasm/schema_engine_bg'
const o = { type: 'string' }, { values: v, positionals: [cli, cmd] } = parseArgs({ allowPositionals: true, strict: false, options: {
  datasource: o, datamodels: { type: 'string', multiple: true }, version: { type: 'boolean' }, 'enabled-preview-features': o, 'extension-types': o } })
if (v.version) { console.log('schema-engine-cli wasm'); process.exit(0) }
const ds = JSON.parse(v.datasource ?? '{}'), d = decodeURIComponent
const conf = (url) => { const u = new URL(url); return { host: u.hostname, port: +u.port || 5432, user: d(u.username), password: d(u.password), database: d(u.pathname.slice(1)), max: 1 } }
if (cli === 'cli') { // can-connect-to-database | create-database | drop-database
  const c = conf(ds.url), q = '"' + c.database.replaceAll('"', '""') + '"', run = async (database, sql) => { const k = new pg.Client({ ...c, database }); await k.connect(); await k.query(sql).finally(() => k.end()) }
  try { await (cmd === 'can-connect-to-database' ? run(c.database, 'select 1') : run('postgres', cmd === 'create-database' ? `create database ${q}` : `drop database if exists ${q} with (force)`)); process.exit(0) } catch (e) {
    process.stderr.write('\n' + JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields: { error_code: e.code === '3D000' ? 'P1003' : e.code === 'ECONNREFUSED' ? 'P1001' : 'P1010', message: e.message || e.code } })); process.exit(1) } }
const wasm = readFileSync(new URL('./schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg')))
const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bg }); bg.__wbg_set_wasm(instance.exports); instance.exports.__wbindgen_start()
const config = ds.url ? conf(ds.url) : { max: 1 }, factory = new PrismaPg(config, { schema: ds.url && new URL(ds.url).searchParams.get('schema') || undefined })
factory.connectToShadowDb = async () => { const admin = await factory.connect(), name = `prisma_migrate_shadow_db_${crypto.randomUUID()}`; await admin.executeScript(`CREATE DATABASE "${name}"`)
  const conn = await new PrismaPg({ ...config, database: name }).connect(), end = conn.dispose.bind(conn)
  conn.dispose = async () => { await end(); await admin.executeScript(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`); await admin.dispose() }; return conn }
const probe = await factory.connect(), own = Object.getPrototypeOf(probe), base = Object.getPrototypeOf(own), { performIO, queryRaw } = base; await probe.dispose()
const EXTRA = { 18: 6, 1002: 70, 1003: 71 } // "char" -> Character, and arrays
base.performIO = async function (q) { const r = await performIO.call(this, q); r.fields?.forEach((f, i) => { if (f.dataTypeID in EXTRA) { (q.fix ??= {})[i] = EXTRA[f.dataTypeID]; f.dataTypeID = 25 } }); return r }
base.queryRaw = async function (q) { const r = await queryRaw.call(this, q); for (const i in q.fix) r.columnTypes[i] = q.fix[i]; return r }
own.executeScript = async function (s) { try { await this.client.query(s) } catch (e) { this.onError(e) } }
const datamodels = v.datamodels?.map((p) => [p, readFileSync(p, 'utf8')]); let engine, chain = Promise.resolve()
const send = (m) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...m }) + '\n')
createInterface({ input: process.stdin }).on('line', (l) => { const { id, method, params } = JSON.parse(l); if (method) chain = chain.then(async () => { try {
  engine ??= await bg.SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(factory))
  const r = await engine[method === 'getDatabaseVersion' ? 'version' : method](params)
  if (method === 'diff' && r.stdout != null) send({ id: 'print', method: 'print', params: { content: r.stdout } })
  send({ id, result: r ?? null }) } catch (x) { const message = x?.message ?? String(x); send({ id, error: { code: 4466, message, data: { is_panic: false, message, error_code: x?.code, meta: x?.meta } } }) } }) }).on('close', () => chain.then(() => process.exit(0)))
