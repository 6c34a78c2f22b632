export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps the event loop from running. */
export function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
