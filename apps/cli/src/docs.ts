/** `./hearth docs`: writes the documentation that is generated from code. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settingsReference } from '@hearth/config';
import { projectRoot } from '@hearth/kernel';

await writeFile(join(projectRoot(), 'docs/configuration.md'), settingsReference());
