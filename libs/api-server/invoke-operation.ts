/** The operations that run a function. They have a way of their own through the endpoint instead of a handler. */
export type InvokeOperation = 'Invoke' | 'InvokeWithResponseStream' | 'InvokeAsync';

/** Which of them a request is. @param segments raw segments of the normalised path */
export function invokeOperation(method: string | undefined, segments: readonly string[]): InvokeOperation | undefined {
  if (method !== 'POST' || segments.length !== 4 || segments[1] !== 'functions') return undefined;
  const [version, , , last] = segments;
  if (version === '2015-03-31') return last === 'invocations' ? 'Invoke' : undefined;
  if (version === '2021-11-15') return last === 'response-streaming-invocations' ? 'InvokeWithResponseStream' : undefined;
  return version === '2014-11-13' && last === 'invoke-async' ? 'InvokeAsync' : undefined;
}
