import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { createNodeListener } from "../../examples/hello/node-listener.ts";

it("takes the host from the header alone: no path can pass for another one", async () => {
  const server = createServer(createNodeListener((request) => new Response(request.url)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port, path, headers: { host: "turns.example" }, agent: false }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (more: string) => (text += more));
        answer.on("end", () => resolve(text));
      }).on("error", reject);
    });
  for (const path of ["/a?b=1", "/", "//", "//localhost/api/turns", "/\\localhost/api/turns"]) {
    const { host, pathname } = new URL(await ask(path));
    expect(host, path).toBe("turns.example");
    expect(pathname.startsWith("/"), path).toBe(true);
  }
  server.close();
});
