import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import { readExamples } from './example.js';

describe('the examples', () => {
  it('pack to the same archive each time, so that unchanged code is not deployed again', async () => {
    const directory = join(projectRoot(), 'examples');
    const [first, second] = [await readExamples(directory), await readExamples(directory)];
    expect(first.map((example) => example.name)).toEqual(['hello-node', 'hello-python', 'shell-bootstrap', 'thumbnail']);
    expect(second.map((example) => example.sha256)).toEqual(first.map((example) => example.sha256));
  });
});
