import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// The playground's page as static files for the Worker: its modules become one, the rest is copied as it is.

const page = fileURLToPath(new URL("../playground/page/", import.meta.url));
const out = fileURLToPath(new URL("../../.cache/cloudflare-page/", import.meta.url));

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({ entryPoints: [`${page}main.ts`], outfile: `${out}main.js`, bundle: true, format: "esm", minify: true });
const html = await readFile(`${page}index.html`, "utf8");
const served = html.replace(/<script type="importmap">[^]*?<\/script>\s*/, "").replace("/main.ts", "/main.js");
if (!served.includes("/main.js")) throw new Error("The page no longer names /main.ts");
await writeFile(`${out}index.html`, served);
for (const file of ["colors.css", "layout.css", "conversation.css", "trace.css", "icon.svg"]) {
  await cp(page + file, out + file);
}
