/** The value, or `timeout` after the time. The timer goes with the value. */
export function within<T>(value: Promise<T>, limitMs: number): Promise<T | 'timeout'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.max(0, limitMs), 'timeout' as const);
    value.then(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      (error: Error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
