/** Runs modules one after another, in the folder that it is started in. */
import process from "node:process";
import { pathToFileURL } from "node:url";

for (const path of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(path).href);
  } catch (error) {
    console.error(path, error);
    process.exitCode = 1;
  }
}
