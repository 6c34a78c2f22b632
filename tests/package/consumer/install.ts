/** As `deno run jsr:@streamstore/streamstore/install`. */
import { install } from "@streamstore/streamstore/install";

console.log(await install());
