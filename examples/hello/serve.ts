import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import app from "./app.ts";
import { createNodeListener } from "./node-listener.ts";

// `npm run start:hello`: the Hono app of app.ts on Node, and a page that shows one of its turns.

const wanted = Number(process.env["PORT"] ?? 8787);
if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65535)
  throw new RangeError(`PORT must be a port, got ${wanted}`);

const server = createServer(
  createNodeListener((request) => (isFrontPage(request) ? showTurn(new URL(request.url).origin) : app.fetch(request))),
);
server.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EADDRINUSE") throw error;
  console.log(`Port ${wanted} is taken, so another one is used.`);
  server.listen(0, "127.0.0.1");
});
server.on("listening", () => {
  const { port } = server.address() as AddressInfo;
  console.log(`turnwire says hello at http://127.0.0.1:${port}/ (open it, or: curl -N http://127.0.0.1:${port}/)`);
});
server.listen(wanted, "127.0.0.1");

function isFrontPage({ method, url }: Request): boolean {
  return method === "GET" && new URL(url).pathname === "/";
}

/** A turn of the app as a text that browsers show while it comes. */
async function showTurn(origin: string): Promise<Response> {
  const command = `curl -N ${origin}/turns -d '{"sessionId":"s","turnIndex":0,"message":"Hi"}'`;
  const turn = await app.request("/turns", {
    method: "POST",
    body: JSON.stringify({
      sessionId: "front-page",
      turnIndex: 0,
      message: `to start a turn yourself, run ${command}`,
    }),
  });
  // `nosniff`, because browsers hold back a text until they have guessed what it is.
  return new Response(turn.body, {
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}
