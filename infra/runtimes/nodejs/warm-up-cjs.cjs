'use strict';
// Run once by ember.cjs.
exports.handler = async () => ({});
