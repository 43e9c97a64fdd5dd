/** The closing line of .ci/run, from Jest's JSON. A suite that could not even be loaded counts as one failed test. Status 1 unless all passed. */
import { existsSync, readFileSync } from 'node:fs';

const file = process.argv[2];
if (!existsSync(file)) {
  console.log('Tests: 0 passed, 1 failed, 0 skipped');
  process.exit(1);
}
const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites, success } = JSON.parse(readFileSync(file, 'utf8'));
const failed = numFailedTests + numRuntimeErrorTestSuites;
console.log(`Tests: ${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`);
process.exit(success && failed === 0 && numPassedTests > 0 ? 0 : 1);
