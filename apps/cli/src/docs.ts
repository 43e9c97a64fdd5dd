/** `./hearth docs`: writes the documentation that is generated from code. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settingsReference } from '@hearth/config';
import { projectRoot } from '@hearth/kernel';
import { compatibilityReference, servedTables } from '@hearth/processes';

const docs = join(projectRoot(), 'docs');
await writeFile(join(docs, 'configuration.md'), settingsReference());
await writeFile(join(docs, 'compatibility.md'), compatibilityReference(await servedTables()));
