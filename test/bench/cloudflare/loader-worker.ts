// Starts other Workers' code, each time in a fresh isolate, as the platform does for the first request in a place.

interface Code {
  readonly compatibilityDate: string;
  readonly mainModule: string;
  readonly modules: Readonly<Record<string, string | { readonly wasm: ArrayBuffer }>>;
  readonly globalOutbound: null;
}

interface Env {
  readonly LOADER: { load(code: Code): { getEntrypoint(): { fetch(request: Request): Promise<Response> } } };
}

const codes = new Map<string, Code>();

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, name = ""] = new URL(request.url).pathname.split("/");
    if (request.method === "PUT") {
      const form = await request.formData();
      const modules: Record<string, string | { wasm: ArrayBuffer }> = {};
      for (const [file, content] of form.entries()) {
        modules[file] = typeof content === "string" ? content : { wasm: await content.arrayBuffer() };
      }
      codes.set(name, { compatibilityDate: "2026-06-01", mainModule: "worker.js", modules, globalOutbound: null });
      return new Response("kept");
    }
    const code = codes.get(name);
    if (code === undefined) return new Response("No such code", { status: 404 });
    return env.LOADER.load(code).getEntrypoint().fetch(new Request("http://worker/ready"));
  },
};
