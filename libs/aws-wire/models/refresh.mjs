#!/usr/bin/env node
/**
 * Regenerates a committed service model from a botocore release:
 *
 *   node libs/aws-wire/models/refresh.mjs PATH/botocore/data/lambda/2015-03-31/service-2.json[.gz] BOTOCORE_VERSION
 *
 * Documentation strings are dropped (they are two thirds of the file and nothing here reads them); keys keep their order, so that
 * the same input always gives the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const [source, version] = process.argv.slice(2);
if (!source || !version) {
  console.error('usage: refresh.mjs service-2.json[.gz] BOTOCORE_VERSION');
  process.exit(2);
}
const bytes = readFileSync(source);
const model = JSON.parse((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8'));

/** Only strings are documentation: a shape may well have a member called `documentation`. */
const withoutDocumentation = (value) => {
  if (Array.isArray(value)) return value.map(withoutDocumentation);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, child]) => !((key === 'documentation' || key === 'documentationUrl') && typeof child === 'string'))
      .map(([key, child]) => [key, withoutDocumentation(child)]),
  );
};

const name = `${model.metadata.endpointPrefix}-${model.metadata.apiVersion}`;
const target = new URL(`./${name}.json`, import.meta.url);
writeFileSync(target, `${JSON.stringify({ source: `botocore ${version}, Apache-2.0`, ...withoutDocumentation(model) }, null, 1)}\n`);
console.log(`${name}: ${Object.keys(model.operations).length} operations, ${Object.keys(model.shapes).length} shapes`);
