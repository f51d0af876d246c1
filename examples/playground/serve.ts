import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createNodeListener } from "../hello/node-listener.ts";
import { createPlayground } from "./create-playground.ts";

// `npm start`: the playground on Node. PORT and PLAYGROUND_DB say where it listens and keeps its turns.

const wanted = Number(process.env["PORT"] ?? 8787);
if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65535)
  throw new RangeError(`PORT must be a port, got ${wanted}`);

const path = resolve(
  process.env["PLAYGROUND_DB"] ?? fileURLToPath(new URL(`../../.cache/playground-${wanted}.sqlite`, import.meta.url)),
);
mkdirSync(dirname(path), { recursive: true });

const playground = createPlayground({ path });
const server = createServer(createNodeListener(playground.fetch));
server.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EADDRINUSE") throw error;
  // Not another port: a page that waits for a killed server waits at this address.
  console.error(`Port ${wanted} is taken. Is a playground running already? Else choose another: PORT=8788 npm start`);
  process.exit(1);
});
server.on("listening", () => {
  const { port } = server.address() as AddressInfo;
  console.log(`The turnwire playground: http://127.0.0.1:${port}/`);
  console.log(`Its turns are kept in ${path}`);
  console.log(`To crash it in the middle of an answer: kill -9 ${process.pid}; then start it again.`);
  // Only now: a second server that finds the port taken must not take up the first one's turns under its name.
  playground.start();
});
server.listen(wanted, "127.0.0.1");

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    void playground.stop().finally(() => process.exit(0));
  });
}
