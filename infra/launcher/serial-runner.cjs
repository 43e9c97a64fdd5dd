/** Jest's own runner, one file at a time. Jest runs each runner's files after those of the one before. */
const { default: TestRunner } = require('jest-runner');

module.exports = class SerialRunner extends TestRunner {
  isSerial = true;
};
