/** Longer than the init limit of 10 s. */
await new Promise((resolve) => setTimeout(resolve, 11_000));

export const handler = () => 'at last';
