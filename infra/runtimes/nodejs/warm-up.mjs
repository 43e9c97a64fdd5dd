// Run once by ember.cjs: Node.js loads what it needs for ES modules with the first of them.
export const handler = async () => ({});
