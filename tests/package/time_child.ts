/**
 * Run by load.test.ts: prints how many ms of the processor it takes to get from the package to a verified library. What
 * else the machine does adds little to them.
 */
import process from "node:process";

const [folder] = process.argv.slice(2);
const { install } = await import(`${folder}/install.js`);
const begin = process.cpuUsage();
await install();
const { user, system: inSystem } = process.cpuUsage(begin);
console.log((user + inSystem) / 1000);
