/** Takes bytes by TCP on loopback and drops them: `discard.ts <bytes of a message>`, each of which is answered by a byte. */
import { createServer } from "node:net";
import process from "node:process";

const messageBytes = Number(process.argv[2]);
const server = createServer((socket) => {
  let waiting = messageBytes;
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", ({ length }) => {
    waiting -= length;
    if (waiting > 0) return;
    waiting += messageBytes;
    socket.write("1");
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as { readonly port: number }).port));
process.stdin.on("end", () => process.exit(0)).resume();
