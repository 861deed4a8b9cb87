/** A reporter for jest that writes the titles of failed tests to the file FAILURES, one per line, as they come. */
const { appendFileSync } = require('node:fs');

module.exports = class Failures {
  onTestCaseResult(_test, { status, fullName }) {
    if (status === 'failed') appendFileSync(process.env.FAILURES, `${fullName}\n`);
  }
};
