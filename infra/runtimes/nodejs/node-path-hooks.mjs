/** The hook of node-path.cjs for Node.js 20, which runs hooks asynchronously and in a thread of their own. */
let places = [];

export function initialize(data) {
  places = data;
}

const isMissing = (error, specifier) => error?.code === 'ERR_MODULE_NOT_FOUND' && /^(?![./#]|[a-z][a-z0-9+.-]*:)/i.test(specifier);

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!isMissing(error, specifier)) throw error;
    for (const parentURL of places) {
      try {
        return await next(specifier, { ...context, parentURL });
      } catch (missing) {
        if (!isMissing(missing, specifier)) throw missing;
      }
    }
    throw error;
  }
}
