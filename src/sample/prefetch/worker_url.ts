/**
 * Where the module of the package's Workers is. Translated modules stay beside each other; a bundler puts all into one
 * file, and the Workers' into another.
 */
const ending = /\/worker_url\.(ts|js)$/.exec(import.meta.url)?.[1];
const workerName = ending === undefined ? "streamstore_worker.js" : `worker.${ending}`;

/** Its first order says what it is to do. */
export const workerUrl: string = new URL(`./${workerName}`, import.meta.url).href;
