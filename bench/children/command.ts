/** The command line, with this process's arguments. */
import process from "node:process";
import { main } from "../../cli.ts";

process.exit(await main(process.argv.slice(2)));
