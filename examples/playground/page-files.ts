import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  ts: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const pageFolder = fileURLToPath(new URL("page/", import.meta.url));
const builtFolder = fileURLToPath(new URL("../../dist/", import.meta.url));

/**
 * The files of the page, as they are: browsers read modules, so nothing is bundled. The page's TypeScript leaves its
 * types here; turnwire itself comes as it was built, under /turnwire/.
 */
export async function answerWithFile(request: Request): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Use GET", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  const { pathname } = new URL(request.url);
  const path = pathname === "/" ? "/index.html" : pathname;
  const extension = path.split(".").at(-1) ?? "";
  const type = TYPES[extension];
  // Names of plain letters only: nothing leads out of the two folders.
  if (type === undefined || !/^(\/[\w-]+)*\/[\w-]+\.\w+$/.test(path)) return notFound();
  const file = path.startsWith("/turnwire/")
    ? builtFolder + path.slice("/turnwire/".length)
    : pageFolder + path.slice(1);
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return notFound();
  return new Response(extension === "ts" ? stripTypeScriptTypes(text) : text, {
    headers: { "content-type": type, "cache-control": "no-cache", "x-content-type-options": "nosniff" },
  });
}

function notFound(): Response {
  return new Response("Not found", { status: 404 });
}
